//! The doctor, with the server up and down.

use crate::tool::taydo;
use crate::{centre, lines};
use serde_json::Value;

fn finding<'a>(report: &'a Value, about: &str) -> &'a Value {
    report["findings"].as_array().unwrap().iter().find(|one| one["about"] == about).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn the_doctor_says_what_to_do_with_the_server_up_and_down() {
    let data = tempfile::tempdir().unwrap();
    let none = taydo(data.path(), &["doctor", "--json", "--server", "http://127.0.0.1:9"]).await;
    let report: Value = serde_json::from_str(&none.output).unwrap();
    assert_eq!(none.code, Some(2), "{none:?}");
    assert_eq!(
        (finding(&report, "server")["level"].as_str(), finding(&report, "database")["level"].as_str()),
        (Some("broken"), Some("attention"))
    );

    let mut server = centre(data.path(), &[]).await;
    assert_eq!(server.write_lines("lines", &lines(0)).await.status, 204);
    let url = server.url.clone();
    let up = taydo(data.path(), &["doctor", "--json", "--server", &url]).await;
    let report: Value = serde_json::from_str(&up.output).unwrap();
    // Whether the machine that tests has room to spare is not what is tested.
    assert_ne!(finding(&report, "server")["level"], "broken", "{}", up.output);
    for about in ["schema", "ingest", "evaluation", "paging", "clock"] {
        assert_eq!(finding(&report, about)["level"], "fine", "{about}: {}", up.output);
    }
    // Nothing was backed up yet, and it says how.
    let backups = finding(&report, "backups");
    assert!(backups["level"] == "attention" && backups["next"].as_str().unwrap().contains("taydo backup"), "{backups}");
    assert_ne!(up.code, Some(0));
    let for_people = taydo(data.path(), &["doctor", "--server", &url]).await;
    assert!(for_people.output.contains("→") && for_people.output.contains("schema"), "{for_people:?}");
    assert_eq!(server.stop().await, Some(0));

    let down = taydo(data.path(), &["doctor", "--json", "--server", &url]).await;
    let report: Value = serde_json::from_str(&down.output).unwrap();
    assert_eq!(down.code, Some(2), "{down:?}");
    assert_eq!(finding(&report, "server")["level"], "broken");
    assert_eq!(finding(&report, "schema")["level"], "fine", "the database is looked at all the same: {}", down.output);
    assert_eq!(finding(&report, "absence")["level"], "attention");
}
