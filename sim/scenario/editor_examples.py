"""An example of each model, as it would be written: for editors and the reference page.

Each is sound by itself. Together they show nearly every key; the tests hold them against the models.
"""

from __future__ import annotations

from typing import Any

EXAMPLES: dict[str, Any] = {
    "Scenario": {
        "format": 1,
        "name": "Pacific Highway southbound, summer Saturday",
        "start": "2024-07-06 00:00",
        "horizon": "24 h",
        "replications": 30,
        "seed": 49,
        "ports": {
            "pacific-highway": {
                "direction": "southbound",
                "zone": "America/Vancouver",
                "traffic": {"car": {"per_day": 5200, "nexus": "30 %"}},
                "lanes": {"general": {"serves": ["car"], "booths": 6, "service": "50 s"}},
            }
        },
        "variants": {"one-more-booth": {"ports.pacific-highway.lanes.general.booths": 7}},
    },
    "UntilPrecise": {
        "precision": "5 %",
        "of": ["wait_mean", {"measure": "wait_p95", "class": "car"}],
        "at_least": 10,
        "at_most": 400,
    },
    "Sweep": {
        "vary": {
            "ports.pacific-highway.lanes.general.booths": [5, 6, 7],
            "ports.pacific-highway.traffic.car.nexus": ["20 %", "30 %", "40 %"],
        },
        "how": "grid",
    },
    "PreciseMeasure": {"measure": "wait_p95", "class": "car"},
    "Preclearance": {
        "registry": "YVR",
        "departures": {"banks": {"06:00": 12, "09:30": 8}, "seats": 150, "load": "82 %"},
        "classes": {"nexus": "18 %", "app": "30 %", "visitor": "rest"},
        "show_up": {"lognormal": {"mean": "130 min", "cv": 0.35}},
        "party": {"nexus": 1.1, "*": 1.7},
        "closes": "15 min",
        "tight": "60 min",
        "hall": {"from": "security", "capacity": "400 people"},
        "stations": {
            "security": {"booths": 8, "service": "25 s", "priority": ["tight"]},
            "nexus": {"kind": "primary", "serves": ["nexus"], "booths": 2, "service": "12 s", "then": "walk"},
            "primary": {"kind": "primary", "serves": ["app", "visitor"], "booths": 14, "service": "55 s"},
            "secondary": {"kind": "secondary", "booths": 4, "referral": {"*": "2 %"}, "service": "20 min"},
            "walk": {"kind": "walk", "service": "6 min"},
        },
        "costs": {"officer_hour": "95 $", "facility": "20000 $"},
    },
    "Departures": {"per_day": 70, "seats": 150, "load": "82 %", "profile": {"00:00": 0, "06:00": 3, "21:00": 1}},
    "Stage": {
        "serves": ["visitor"],
        "share": "80 %",
        "instead": "interview",
        "booths": 40,
        "service": {"gamma": {"mean": "60 s", "cv": 0.5}},
        "failure": {"share": "12 %", "to": "interview"},
    },
    "Failure": {"share": {"visitor": "20 %", "*": "8 %"}, "to": "interview"},
    "Hall": {"from": "document-check", "capacity": "300 people"},
    "Costs": {"officer_hour": "95 $", "facility": "20000 $"},
    "FarSide": {
        "name": "port-angeles",
        "zone": "America/Los_Angeles",
        "journey": "90 min",
        "stations": {
            "walk": {"kind": "walk", "service": {"uniform": {"low": "2 min", "high": "12 min"}}},
            "primary": {"kind": "primary", "under": ["none"], "booths": 4, "service": "45 s"},
        },
    },
    "OfficerPool": {"officers": 5, "open": {"00:00": 2, "07:00": 5}},
    "Event": {
        "name": "Concert",
        "from": "2024-07-06 16:00",
        "until": "2024-07-06 19:00",
        "demand": {"car": 1.5, "all": 1.1},
        "stopped": ["nexus"],
    },
    "Port": {
        "direction": "southbound",
        "zone": "America/Vancouver",
        "traffic": {"car": {"per_day": 5200, "nexus": "30 %"}},
        "approach": {"storage": "400 cars", "split": "60 cars"},
        "lanes": {
            "general": {"serves": ["car"], "booths": 6, "service": "50 s"},
            "nexus": {"serves": ["car.nexus"], "booths": 2, "service": "10 s"},
        },
        "secondary": {"bays": 8, "referral": {"car": "5 %", "car.nexus": "1 %"}, "service": "15 min"},
        "standard": {"wait": "20 min"},
    },
    "Traffic": {
        "per_day": 5200,
        "profile": {"00:00": 1, "07:00": 6, "19:00": 2},
        "occupants": 2.1,
        "nexus": "30 %",
    },
    "Occupants": {"fixed": 2},
    "NexusMembers": {"members": "40 %", "alike": "50 %"},
    "DayToDay": {"cv": "8 %"},
    "Approach": {
        "lanes": 1,
        "storage": "400 cars",
        "split": "60 cars",
        "travel": "90 s",
        "can_leave": True,
        "patience": {"exponential": {"mean": "90 min"}},
    },
    "LaneGroup": {
        "serves": ["car"],
        "booths": 6,
        "open": {"00:00": 2, "06:00": 4, "10:00": 6, "22:00": 3},
        "queue": "per_booth",
        "jockey": 2,
        "service": {"erlang": {"mean": "50 s", "shape": 3}, "when_queue_over": {"40": 0.9}},
        "on_close": "finish",
    },
    "Service": {
        "erlang": {"mean": "50 s", "shape": 3},
        "when_queue_over": {"40": 0.9},
        "per_extra_person": "10 %",
        "move_up": "6 s",
    },
    "Control": {"every": "5 min", "open_above": "20 min", "close_below": "5 min", "lead": "10 min", "most": 6},
    "Handover": {"at": ["07:00", "15:00", "23:00"], "gap": "4 min"},
    "Secondary": {
        "bays": 8,
        "storage": "4 cars",
        "referral": {"car": "5 %", "car.nexus": "1 %"},
        "service": {"lognormal": {"mean": "15 min", "cv": 1.0}},
        "outcomes": {"refused": "2 %"},
    },
    "Standard": {"wait": {"mon-thu": "10 min", "fri-sun": "20 min", "holiday": "20 min"}},
    "Divert": {"to": "peace-arch", "after": "12 min"},
}
"""By name of the model."""
