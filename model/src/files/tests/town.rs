//! A small sound city, for mistakes to be put into.
//!
//! Must never be read from the disk, so that lines and columns can be counted by who reads the tests.

/// A sound city: the mistakes below are put into it.
pub(super) const CITY: &[(&str, &str)] = &[
    (
        "city.toml",
        r#"format_version = 1
id = "town"
name = { vi = "Phố", en = "Town" }
zone = "Asia/Ho_Chi_Minh"
population = 1000
[areas]
north = { name = "Phường Bắc", hex = [0, 1] }
[departments]
roads = { vi = "Sở Đường", en = "Roads" }
"#,
    ),
    (
        "metrics.toml",
        r#"[traffic.speed]
title = { vi = "Tốc độ", en = "Speed" }
unit = "km/h"
resolution = 0.1
range = [0, 200]
"#,
    ),
    (
        "assets.toml",
        r#"[defaults]
owner = "roads"
interval = "60s"
[assets]
r1 = { name = "R1", site = "Road", area = "north", metrics = ["traffic.speed"], at = [10.0, 105.7] }
"#,
    ),
    (
        "sources.toml",
        r#"[sensors]
title = { vi = "Cảm biến", en = "Sensors" }
way = "mqtt"
topic = "town/{asset}/telemetry"
fields = [{ name = "speed", metric = "traffic.speed", unit = "km/h" }]
[export]
title = { vi = "Tệp", en = "File" }
way = "csv"
time_format = "%Y-%m-%d %H:%M"
cases = { kind = "dossier", id = "ID", opened = "OPEN" }
"#,
    ),
    (
        "kpis/traffic.toml",
        r#"[traffic.speed]
title = { vi = "Tốc độ", en = "Speed" }
unit = "km/h"
better = "higher"
from = { observations = "traffic.speed", aggregate = "mean", window = "5m" }
by = ["area"]
target = 30
attention = 25
critical = 15
[services.open]
title = { vi = "Hồ sơ", en = "Dossiers" }
unit = "cases"
better = "lower"
from = { cases = "dossier", measure = "open" }
owner = "roads"
"#,
    ),
    (
        "boards/main.toml",
        r#"title = { vi = "Chính", en = "Main" }
grid = [12, 8]
[[panels]]
at = [1, 1]
size = [3, 2]
value = "traffic.speed"
scope = "area:north"
[[panels]]
at = [4, 1]
size = [4, 2]
ranking = "traffic.speed"
by = "area"
"#,
    ),
    (
        "goals.toml",
        r#"[[parts]]
title = { vi = "Giao thông", en = "Transport" }
[[parts.goals]]
id = "flow"
title = { vi = "Thông suốt", en = "It flows" }
kpis = ["services.open"]
"#,
    ),
    (
        "walls.toml",
        r#"[main]
title = { vi = "Tường", en = "Wall" }
screens = [4, 3]
screen_width_mm = 1218
signal_px = [3840, 2160]
farthest_seat_m = 6
scenes = [{ board = "main", for = "60s" }]
"#,
    ),
];
