"""Median and p90 age of open cases, and the share closed on time in 30 days, by department and neighbourhood.

Written by itself, from the file and the definitions alone, to check the product against: `python3 known.py
boston_311_2015_q1.csv > known.csv`. Ages are in days; percentiles lie between two cases in proportion; the 30 days are
counted by the clocks on Boston's walls.
"""

import csv
import math
import re
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")
MOMENTS = ["2015-02-01T00:00:00-05:00", "2015-03-01T12:00:00-05:00", "2015-04-01T00:00:00-04:00"]


def seconds(text):
    return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=ZONE).timestamp() if text else None


def slug(text):
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")


def percentile(values, share):
    values = sorted(values)
    if not values:
        return ""
    place = share * (len(values) - 1)
    low, high = values[math.floor(place)], values[math.ceil(place)]
    return f"{(low + (place - math.floor(place)) * (high - low)) / 86400:.6f}"


cases = []
for row in csv.DictReader(open(sys.argv[1], encoding="utf-8")):
    scopes = ["city"]
    scopes += [f"{kind}:{slug(row[column])}" for kind, column in [("department", "Department"), ("area", "neighborhood")] if row[column]]
    cases.append((scopes, seconds(row["OPEN_DT"]), seconds(row["TARGET_DT"]), seconds(row["CLOSED_DT"])))

print("time,scope,open,median_age,p90_age,closed_with_target,on_time")
for moment in MOMENTS:
    shown = datetime.fromisoformat(moment).astimezone(ZONE)
    at = shown.timestamp()
    since = (shown.replace(tzinfo=None) - timedelta(days=30)).replace(tzinfo=ZONE).timestamp()
    ages, done = {}, {}
    for scopes, opened, due, closed in cases:
        for scope in scopes:
            if opened <= at and (closed is None or at < closed):
                ages.setdefault(scope, []).append(at - opened)
            if due is not None and closed is not None and since < closed <= at:
                done.setdefault(scope, []).append(closed <= due)
    for scope in sorted(set(ages) | set(done)):
        have, shares = ages.get(scope, []), done.get(scope, [])
        share = f"{100 * sum(shares) / len(shares):.6f}" if shares else ""
        print(f"{moment},{scope},{len(have)},{percentile(have, 0.5)},{percentile(have, 0.9)},{len(shares)},{share}")
