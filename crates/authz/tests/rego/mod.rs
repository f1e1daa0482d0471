//! The published module, as owners of policies run it.

use caracal_authz::{contract, document::PolicyDocuments};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

/// Makes the same cases in every run.
pub(crate) fn cases(seed: u8) -> TestRunner {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    TestRunner::new_with_rng(Config::default(), rng)
}

/// The module, loaded once.
pub(crate) struct Rego(regorus::Engine);

impl Rego {
    pub(crate) fn load() -> Self {
        let mut engine = regorus::Engine::new();
        engine
            .add_policy("contract.rego".into(), contract::DECISION_CONTRACT_REGO.into())
            .expect("it parses");
        Self(engine)
    }

    /// What `rule` comes to under `documents`.
    pub(crate) fn evaluate(&self, documents: &PolicyDocuments, input: &Value, rule: &str) -> Value {
        let mut engine = self.0.clone();
        let mut module = String::from("package caracal.authz\n");
        for (name, value) in documents.iter() {
            module.extend([name, " := ", &value.to_string(), "\n"]);
        }
        engine
            .add_policy("documents.rego".into(), module)
            .expect("it parses");
        engine.set_input(regorus::Value::from_json_str(&input.to_string()).expect("JSON"));
        let result = engine
            .eval_rule(format!("data.caracal.authz.{rule}"))
            .expect("it evaluates");
        serde_json::from_str(&result.to_json_str().expect("JSON")).expect("JSON")
    }
}
