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
    "Irregular": {
        "registry": "british-columbia",
        "groups": {
            "per_day": 2.5,
            "composition": {"family": "25 %", "adults": "rest"},
            "size": {"family": 3.4, "*": 1.5},
            "season": "british-columbia",
            "hide": {"whole-border-14-days": "60 %", "*": "5 %"},
        },
        "drivers": [{"name": "us-enforcement-2025", "from": "2025-01-20", "multiply": 3.0, "half_life": "90 d"}],
        "intercept": {
            "detect": {"sensor": "15 %", "tip": ["5 %", "25 %"], "us-notice": "20 %"},
            "patrols": 3,
            "response": {"lognormal": {"mean": "40 min", "cv": 0.6}},
            "leaves_after": {"gamma": {"mean": "75 min", "cv": 0.5}},
        },
        "processing": {"officers": 4, "service": {"gamma": {"mean": "3 h", "cv": 0.5}}},
        "transfer": "1 h",
        "interview": {"officers": 3, "service": "2 h"},
        "eligibility": {"officers": 2, "service": "90 min", "exceptions": {"family": "15 %", "document": "3 %"}},
        "intake": {"places": 120, "stay": {"lognormal": {"mean": "6 d", "cv": 0.8}}},
    },
    "Groups": {
        "detected_per_day": 1.5,
        "composition": {"adults": "70 %", "family": "28 %", "minors-alone": "2 %"},
        "size": {"adults": 1.4, "family": 3.4, "minors-alone": 1.1},
        "season": "quebec",
        "hide": {"whole-border-14-days": "60 %", "*": "2 %"},
        "day_to_day": {"cv": "30 %"},
    },
    "Driver": {"name": "us-enforcement-2025", "from": "2025-01-20", "multiply": 3.0, "half_life": "90 d"},
    "Deterrence": {"elasticity": -0.1, "reference": 3},
    "Resource": {"units": 2, "detect": "8 %", "response": "20 %", "per_year": "12000000 $", "from": "2025-03-01"},
    "Intercept": {
        "detect": ["20 %", "60 %"],
        "alert": "10 min",
        "patrols": 3,
        "open": {"00:00": 2, "08:00": 3},
        "response": {"lognormal": {"mean": "40 min", "cv": 0.6}},
        "with_group": "1 h",
        "leaves_after": {"gamma": {"mean": "75 min", "cv": 0.5}},
    },
    "ClaimStage": {
        "pool": "lacolle-officers",
        "service": {"family": "3 h", "*": {"gamma": {"mean": "2 h", "cv": 0.5}}},
    },
    "Eligibility": {
        "officers": 2,
        "service": "90 min",
        "exceptions": {"family": "15 %", "document": {"adults": "4 %", "*": "1 %"}, "public-interest": "1 %"},
        "exemptions": {"stateless-children": {"share": {"family": "5 %"}, "applies": "yes"}},
        "inadmissible": "1 %",
        "detained": "1 %",
    },
    "Exemption": {"share": {"family": "5 %"}, "applies": "yes"},
    "Intake": {"places": 120, "stay": {"lognormal": {"mean": "6 d", "cv": 0.8}}, "share": "60 %", "overflow": "hotel"},
    "Weather": {"cold": {"dec": "40 %", "jan": "60 %", "feb": "50 %"}, "after": "1 h"},
    "FlowCosts": {"patrol_hour": "180 $", "officer_hour": "95 $", "place_night": "90 $", "hotel_night": "220 $"},
    "DatedRule": {"from": "2023-03-25 00:01", "rule": "whole-border-14-days"},
    "Board": {"per_year": 60000, "inventory": 290000},
    "Displacement": {
        "lag": "21 d",
        "weights": {"outcome": 5, "distance": 1, "risk": 2},
        "origins": {
            "northeast": {
                "zone": "America/New_York",
                "groups": {"per_day": 60},
                "to": {"quebec": {"distance": "50 km"}, "airports": {"attraction": -1}, "staying": {"attraction": 2}},
            }
        },
    },
    "Origin": {
        "zone": "America/New_York",
        "groups": {
            "per_day": 60,
            "composition": {"family": "30 %", "adults": "rest"},
            "size": {"family": 3.5, "*": 1.3},
        },
        "to": {"quebec": {"distance": "50 km"}, "airports": {"distance": "600 km"}, "staying": {"attraction": 1.5}},
    },
    "Way": {
        "attraction": 0.5,
        "distance": "600 km",
        "risk": "5 %",
        "closed": [{"from": "2023-03-25", "until": "2023-06-01"}],
    },
    "Weights": {"outcome": 5, "distance": 1, "risk": 2},
    "Closed": {"from": "2023-03-25", "until": "2023-06-01"},
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
