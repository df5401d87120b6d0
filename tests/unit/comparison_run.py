"""A finished run made of given numbers: what `compare` reads, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from sim.study import store
from sim.study.layout import Key
from sim.study.samples import Samples

FloatArray = npt.NDArray[np.float64]
World = Mapping[str, Mapping[Key, FloatArray]]
"""Values over replications, by variant and key."""


def key(measure: str = "wait_p95", klass: str = "all", unit: str = "min", facility: str = "port") -> Key:
    return Key(facility, "all", klass, measure, unit)


def samples_of(world: World, title: str = "A port") -> Samples:
    return Samples(
        title,
        (Path("run"),),
        {variant: tuple(values) for variant, values in world.items()},
        {variant: np.stack(list(values.values()), axis=1) for variant, values in world.items()},
    )


def write_run(folder: Path, world: World, **changes: Any) -> Path:
    """Write the run; `changes` go into its manifest."""
    folder.mkdir(parents=True)
    rows = [
        (variant, replication, *at, float(values[replication]))
        for variant, own in world.items()
        for replication in range(len(next(iter(own.values()))))
        for at, values in own.items()
    ]
    names = ("variant", "replication", "facility", "station", "class", "measure", "unit", "value")
    table = pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)})
    texts = ["variant", "facility", "station", "class", "measure", "unit"]
    for name in texts:
        table = table.set_column(table.column_names.index(name), name, table[name].dictionary_encode())
    pq.write_table(table, folder / "replications.parquet")
    facilities = dict.fromkeys(at.facility for at in world["baseline"])
    manifest = {
        "format": store.FORMAT,
        "scenario": "A port",
        "file": "port.yaml",
        "start": "2024-07-06 00:00",
        "horizon_minutes": 1440.0,
        "warm_up_minutes": 0.0,
        "variants": [name for name in world if name != "baseline"],
        "replications": len(next(iter(world["baseline"].values()))),
        "seed": 49,
        "facilities": {name: {"zone": "America/Vancouver", "stations": {}} for name in facilities},
        "versions": store.versions(),
    }
    files = store.file_hashes(folder)
    store.write_json(folder / store.MANIFEST, {**manifest, **changes, "files": files})
    return folder
