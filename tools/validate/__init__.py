"""The first validation against published delays at Peace Arch: `python -m tools.validate FOLDER`."""
