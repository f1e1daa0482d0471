//! A walk over every member of every body that a role reads, as the document of the role tells them: a value of another type is
//! refused by the name of the member, and no value at all is an outage.

mod member;

use http::StatusCode;
use proptest::{
    prelude::{BoxedStrategy, Strategy, any},
    strategy::{Just, ValueTree as _},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
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
    /// Over `document`, with `values` made-up values for each member: every other one of its own type.
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
        let mut runner = runner();
        for member in &members {
            for value in member.wrong() {
                let answer = send(member.alone(value.clone())).await;
                match member.named(&answer) {
                    Ok(named) => refused += usize::from(named),
                    Err(why) => wrong.push(member.told(why, &value, &answer)),
                }
            }
            for number in 0..self.values {
                let value = member.made_up(&mut runner, number % 2 == 0);
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

    /// A value, small and odd: of a type that the member may have, as far as the document tells one, or of any.
    fn made_up(&self, runner: &mut TestRunner, of_its_type: bool) -> Value {
        let strategy = if self.is_form {
            text()
        } else {
            let own = self.types.iter().filter_map(|word| of_type(word));
            let own: Vec<_> = own.filter(|_| of_its_type).collect();
            if own.is_empty() {
                anything().boxed()
            } else {
                proptest::strategy::Union::new(own).boxed()
            }
        };
        strategy.new_tree(runner).expect("a value").current()
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

/// Names the seed of everything made up: a number, or `random` for another one each time.
const SEED: &str = "CARACAL_TEST_SEED";

/// Makes values up out of the seed that the environment names, or else the same ones each time. The seed is printed, so that
/// what was found can be found again.
fn runner() -> TestRunner {
    let named = std::env::var_os(SEED).map(|seed| seed.to_string_lossy().into_owned());
    let seed: u64 = match named.as_deref() {
        None => 0,
        Some("random") => std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), SEED),
        Some(number) => number.parse().expect("CARACAL_TEST_SEED is a number or `random`"),
    };
    println!("{SEED}={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    TestRunner::new_with_rng(Config::default(), rng)
}

/// Texts: of any characters, of those that identifiers are made of, too long ones, and what looks like something else.
fn text() -> BoxedStrategy<Value> {
    proptest::prop_oneof![
        any::<String>().prop_map(Value::from),
        "[a-z:/._${}-]{0,40}".prop_map(Value::from),
        "https?://[a-z\\[\\]:@%.]{0,30}(/[a-z{}?#%]{0,20})?".prop_map(Value::from),
        "[0-9-]{1,12}(T[0-9:.]{1,12}Z)?".prop_map(Value::from),
        Just(Value::from("")),
        Just(Value::from("\u{0}")),
        Just(Value::from("9".repeat(5000))),
    ]
    .boxed()
}

/// Values of the type that a document calls `word`.
fn of_type(word: &str) -> Option<BoxedStrategy<Value>> {
    Some(match word {
        "string" => text(),
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        "integer" => proptest::prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-2_i64..100).prop_map(Value::from),
        ]
        .boxed(),
        "number" => any::<f64>().prop_map(Value::from).boxed(),
        "array" => proptest::collection::vec(anything(), 0..4)
            .prop_map(Value::from)
            .boxed(),
        "object" => proptest::collection::hash_map("[a-z_]{0,12}", anything(), 0..4)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
            .boxed(),
        "null" => Just(Value::Null).boxed(),
        _ => return None,
    })
}

/// Any JSON, small and odd.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = proptest::prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z:/._${}-]{0,40}".prop_map(Value::from),
        Just(Value::from("9".repeat(5000))),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        proptest::prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map("[a-z_]{0,12}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
