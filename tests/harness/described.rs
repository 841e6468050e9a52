//! Holds what is sent and answered against the description of the interface: every request of every test is one of its tests.

use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

/// The description, and what was made of it so far.
struct Described {
    document: Value,
    /// By the place of a schema in the document.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// One request and its answer.
pub(super) struct Exchange<'a> {
    pub method: &'a str,
    /// Without the query.
    pub path: &'a str,
    /// What was sent.
    pub sent: Option<&'a [u8]>,
    pub status: u16,
    /// Whether JSON was answered.
    pub is_json: bool,
    pub answered: &'a Value,
}

fn described() -> &'static Described {
    static DESCRIBED: OnceLock<Described> = OnceLock::new();
    DESCRIBED.get_or_init(|| {
        let text = include_str!("../../docs/schema/openapi.json");
        Described { document: serde_json::from_str(text).expect("the description is JSON"), validators: Mutex::default() }
    })
}

impl Exchange<'_> {
    /// Panics where the exchange is not as it is described. What is not described at all (pages, a path that isn't there) is as it likes.
    pub(super) fn check(&self) {
        let all = described();
        let Some((path, operation)) = all.operation(self.path, &self.method.to_lowercase()) else { return };
        let place = format!("/paths/{}/{}", escape(path), self.method.to_lowercase());
        let status = self.status.to_string();
        let told = if operation["responses"].get(&status).is_some() { status.as_str() } else { "default" };
        if self.is_json {
            all.check(
                &format!("{place}/responses/{told}"),
                self.answered,
                &format!("{} {} answered {}", self.method, self.path, self.status),
            );
        }
        // A batch is taken although items of it are not.
        let is_taken = (200..300).contains(&self.status) && self.answered["rejected"].as_u64().is_none_or(|count| count == 0);
        if let (true, Some(sent)) = (is_taken, self.sent.and_then(|sent| serde_json::from_slice(sent).ok())) {
            all.check(&format!("{place}/requestBody"), &sent, &format!("{} {} took", self.method, self.path));
        }
    }
}

impl Described {
    /// The described path that a request's is one of, and its operation; one in so many words comes first.
    fn operation(&self, path: &str, method: &str) -> Option<(&str, &Value)> {
        let is_like = |described: &str| {
            let (mut ours, mut theirs) = (path.split('/'), described.split('/'));
            ours.by_ref().zip(theirs.by_ref()).all(|(ours, theirs)| theirs.starts_with('{') || ours == theirs)
                && path.split('/').count() == described.split('/').count()
        };
        let paths = self.document["paths"].as_object().expect("paths");
        let mut like: Vec<_> = paths.iter().filter(|(described, _)| is_like(described)).collect();
        like.sort_by_key(|(described, _)| described.matches('{').count());
        like.into_iter().find_map(|(described, operations)| Some((described.as_str(), operations.get(method)?)))
    }

    fn check(&self, place: &str, value: &Value, what: &str) {
        let Some(schema) = self.document.pointer(&format!("{place}/content/application~1json/schema")) else { return };
        let validator =
            Arc::clone(self.validators.lock().expect("nothing panics while it holds this").entry(place.to_owned()).or_insert_with(|| {
                let whole = json!({ "allOf": [schema], "components": self.document["components"] });
                Arc::new(jsonschema::draft202012::new(&whole).expect("a schema"))
            }));
        let faults: Vec<String> =
            validator.iter_errors(value).map(|error| format!("{} at {:?}", error, error.instance_path().to_string())).collect();
        assert!(faults.is_empty(), "{what} otherwise than docs/schema/openapi.json says: {}\n{value}", faults.join("; "));
    }
}

/// As a part of a JSON pointer.
fn escape(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}
