"""The benchmark: this package, other simulators and the bare drawing of variates on one and the same port.

python -m tools.bench            measure everything, write docs/performance.md (about eight minutes)
python -m tools.bench --quick    a smaller measurement, printed only (about one minute)
"""
