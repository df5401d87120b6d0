"""Make `sim/report/page_assets/charts.js`, the libraries in the report page, of the packages pinned beside this tool.

    python tools/bundle_page_libraries.py

Needs npm. The versions and their hashes stand in tools/page_libraries/package-lock.json; the same lock gives the same
bytes. The licences of all that is inside are written at the head of the file, once each.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).with_name("page_libraries")
TARGET = Path(__file__).parents[1] / "sim" / "report" / "page_assets" / "charts.js"
BUNDLE = (
    "npx", "esbuild", "entry.js", "--bundle", "--minify", "--format=iife", "--target=es2020", "--charset=ascii",
    "--legal-comments=none", "--outfile=out.js", "--metafile=meta.json", "--log-level=warning",
)  # fmt: skip


def main() -> None:
    """Install, bundle, and write the file."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        for file in HERE.iterdir():
            shutil.copyfile(file, place / file.name)
        for command in (("npm", "ci", "--silent", "--ignore-scripts"), ("node", "node_modules/esbuild/install.js")):
            subprocess.run(command, cwd=place, check=True)
        subprocess.run(BUNDLE, cwd=place, check=True)
        code = (place / "out.js").read_text(encoding="ascii")
        if "</script" in code.lower():
            raise SystemExit("the bundle holds an end tag of a script: it cannot stand inside a page")
        TARGET.write_text(f"/*!\n{licences(place)}\n*/\n{code}", encoding="utf-8")
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


def licences(place: Path) -> str:
    """Every licence of the packages inside, with the packages it covers."""
    inputs = json.loads((place / "meta.json").read_text(encoding="utf-8"))["inputs"]
    folders = {place / "/".join(name.split("/")[:2]) for name in inputs if name.startswith("node_modules/")}
    covered: dict[str, list[str]] = {}
    for folder in sorted(folders):
        stated = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        texts = sorted(file for file in folder.iterdir() if file.name.upper().startswith(("LICENSE", "LICENCE")))
        text = texts[0].read_text(encoding="utf-8") if texts else str(stated["license"])
        covered.setdefault(text.strip().replace("*/", "* /"), []).append(f"{stated['name']} {stated['version']}")
    return "\n\n".join(f"{', '.join(names)}\n\n{text}" for text, names in covered.items())


if __name__ == "__main__":
    main()
