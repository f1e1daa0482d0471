//! A walk over every member of every body that a role reads, as the document of the role tells them: a value of another type is
//! refused by the name of the member, and no value at all is an outage.

mod member;

use http::StatusCode;
use proptest::{
    prelude::{Strategy, any},
    strategy::ValueTree as _,
    test_runner::TestRunner,
};
use serde_json::{Value, json};

use self::member::Member;
use crate::{asked::Asked, client::Answer, made_up::Document};

/// How the members of a role's bodies are gone through.
#[derive(Debug)]
pub struct BodyWalk<'w> {
    document: Document<'w>,
    values: usize,
    left_out: &'w [&'w str],
}

/// What a walk did.
#[derive(Debug, Clone, Copy)]
pub struct WalkedBodies {
    /// Members that the document has.
    pub members: usize,
    /// Values of another type that were refused by name.
    pub refused: usize,
}

impl<'w> BodyWalk<'w> {
    /// Over `document`, with `values` made-up values of any type for each member.
    ///
    /// # Panics
    /// When the document is no JSON.
    pub fn of(document: &str, values: usize) -> Self {
        let document = serde_json::from_str(document).expect("a document is JSON");
        Self {
            document: Document { document, given: &[] },
            values,
            left_out: &[],
        }
    }

    /// Leaves routes out, by their paths, that are not answered by one status, or whose caller cannot ask twice.
    #[must_use]
    pub const fn without(mut self, paths: &'w [&'w str]) -> Self {
        self.left_out = paths;
        self
    }

    /// Parameters of paths have these values, as in [`TextWalk::with`](crate::texts::TextWalk::with).
    #[must_use]
    pub fn with(mut self, given: &'w [(&'w str, &'w str)]) -> Self {
        self.document.given = given;
        self
    }

    /// Sends everything. Whoever asks has to be let as far as the body, or nothing of it is tried: of routes that others are
    /// for, the answer tells as much.
    ///
    /// # Panics
    /// With every answer that is not as it should be.
    pub async fn go(&self, send: impl AsyncFn(Asked) -> Answer) -> WalkedBodies {
        let mut members = self.document.members();
        members.retain(|member| !self.left_out.contains(&member.path.as_str()));
        let (mut refused, mut wrong) = (0, Vec::new());
        let mut runner = TestRunner::deterministic();
        for member in &members {
            for value in member.wrong() {
                let answer = send(member.alone(value.clone())).await;
                match member.named(&answer) {
                    Ok(named) => refused += usize::from(named),
                    Err(why) => wrong.push(member.told(why, &value, &answer)),
                }
            }
            for _ in 0..self.values {
                let value = member.anything(&mut runner);
                let answer = send(member.alone(value.clone())).await;
                // A page says it to a person.
                let is_page = answer.body.is_null() && !answer.text.is_empty();
                let bare = answer.status.is_client_error() && !is_page && answer.body["error"].is_null();
                if answer.status.is_server_error() || bare {
                    wrong.push(member.told("an outage", &value, &answer));
                }
            }
        }
        assert!(
            wrong.is_empty(),
            "{} of {} members:\n{}",
            wrong.len(),
            members.len(),
            wrong.join("\n")
        );
        WalkedBodies {
            members: members.len(),
            refused,
        }
    }
}

impl Member {
    /// Values of every type, with what is left of them without those that it may have. What may be absent is mostly taken as
    /// absent where it is null.
    fn wrong(&self) -> Vec<Value> {
        // A form has nothing but texts.
        if self.is_form || self.types.is_empty() {
            return Vec::new();
        }
        let taken = |word: &str| {
            self.types
                .iter()
                .any(|one| one == word || (one == "number" && word == "integer"))
        };
        [
            ("boolean", json!(true)),
            ("integer", json!(7)),
            ("array", json!([true])),
            ("object", json!({"a": 1})),
        ]
        .into_iter()
        .filter(|(word, _)| !taken(word))
        .map(|(_, value)| value)
        .collect()
    }

    /// Any value, small and odd.
    fn anything(&self, runner: &mut TestRunner) -> Value {
        let made = if self.is_form {
            any::<String>()
                .prop_map(Value::from)
                .new_tree(runner)
                .map(|tree| tree.current())
        } else {
            anything().new_tree(runner).map(|tree| tree.current())
        };
        made.expect("a value")
    }

    /// Whether a value of another type was refused by name; not where the route is not for whoever asks.
    fn named(&self, answer: &Answer) -> Result<bool, &'static str> {
        if answer.status.is_server_error() {
            return Err("an outage");
        }
        if answer.status != StatusCode::BAD_REQUEST {
            let others = [401, 403, 404, 409, 412, 429].contains(&answer.status.as_u16());
            return if others { Ok(false) } else { Err("taken") };
        }
        let named = self
            .chain
            .iter()
            .flatten()
            .any(|name| answer.text.contains(name.as_str()));
        // What is read after the rest, as an object of its own, may be refused for the rest first.
        let later = self.chain.len() > 1 || self.types.iter().any(|one| one == "object");
        if named || later {
            Ok(named)
        } else {
            Err("refused without its name")
        }
    }

    fn told(&self, why: &str, value: &Value, answer: &Answer) -> String {
        let chain: Vec<&str> = self
            .chain
            .iter()
            .map(|name| name.as_deref().unwrap_or("0"))
            .collect();
        let value: String = value.to_string().chars().take(80).collect();
        let said: String = answer.text.chars().take(160).collect();
        let (method, path, status) = (&self.method, &self.path, answer.status);
        format!(
            "{why}: {method} {path} {} {value}: {status} {said}",
            chain.join(".")
        )
    }
}

/// Any JSON, small and odd.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = proptest::prop_oneof![
        proptest::strategy::Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z:/._${}-]{0,40}".prop_map(Value::from),
        proptest::strategy::Just(Value::from("9".repeat(5000))),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        proptest::prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map("[a-z_]{0,12}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
