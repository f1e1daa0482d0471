//! What would be different with another version of a policy set.

use serde_json::{Value, json};

use crate::stack::{Stack, grants};

const HEAD: &str = "# caracal:data-document\npackage caracal.authz\nimport rego.v1\n";

/// Adds a version of the set with these versions of policies, and tells its id.
async fn versioned(stack: &Stack, zone: &str, set: &str, policies: &[&str]) -> String {
    let manifest: Vec<Value> = policies
        .iter()
        .map(|id| json!({"policy_version_id": id}))
        .collect();
    let path = format!("{zone}/policy-sets/{set}/versions");
    let made = stack
        .post(&path, json!({ "manifest": manifest }))
        .await
        .expect(201);
    made.text("version_id")
}

#[tokio::test]
async fn a_version_is_compared_with_another_and_with_what_is_in_force() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let (set, first, policy) = stack.policy_set(&zone, "main", &grants("app-1")).await;
    let second = format!(
        "{HEAD}app_ids := {{\"crm\": \"app-1\"}}\n\
         grants := {{\"resource://crm\": {{\"application\": \"crm\", \"roles\": {{\"reader\": [\"crm:write\"]}}}}}}\n"
    );
    let path = format!("{zone}/policies/{policy}/versions");
    let changed = stack.post(&path, json!({ "content": second })).await.expect(201);
    let restriction = format!("{HEAD}restrict contains \"an incident\"\n");
    let added = stack
        .post(
            &format!("{zone}/policies"),
            json!({"name": "stop", "content": restriction}),
        )
        .await
        .expect(201);
    let changed = changed.text("id");
    let to = versioned(&stack, &zone, &set, &[&changed, &added.text("version_id")]).await;
    let granted = versioned(&stack, &zone, &set, &[&changed]).await;
    let diff = |to: &str, query: &str| format!("{zone}/policy-sets/{set}/versions/{to}/diff{query}");

    // Nothing is in force: all of it is new.
    let told = stack.get(&diff(&first, "")).await.expect(200);
    assert_eq!(
        (
            &told["from"],
            &told["to"]["version_id"],
            &told["access"]["newly_allowed"]
        ),
        (&Value::Null, &json!(first), &json!(1))
    );
    assert_eq!(told["policies"][0]["change"], "added");

    let told = stack
        .get(&diff(&granted, &format!("?from={first}")))
        .await
        .expect(200);
    assert_eq!(
        (
            &told["from"]["version"],
            &told["to"]["version"],
            &told["unchanged_policies"]
        ),
        (&json!(1), &json!(3), &json!(0))
    );
    let [member] = &told["policies"].as_array().unwrap()[..] else {
        panic!("{told}")
    };
    assert_eq!(
        (
            &member["change"],
            &member["name"],
            &member["from"]["version"],
            &member["to"]["version"]
        ),
        (&json!("changed"), &json!("main"), &json!(1), &json!(2))
    );
    let statement = |scope: &str| json!([{"resource": "resource://crm", "application": "crm", "label": "reader", "scope": scope}]);
    assert_eq!(
        told["documents"],
        json!([{
            "document": "grants",
            "added": statement("crm:write"), "added_count": 1,
            "removed": statement("crm:read"), "removed_count": 1,
        }])
    );
    let access = &told["access"];
    assert_eq!(
        (
            &access["newly_allowed"],
            &access["newly_denied"],
            &access["compared"],
            &access["complete"]
        ),
        (&json!(1), &json!(1), &json!(2), &json!(true))
    );
    assert_eq!(access["changes"][0]["scope"], "crm:read");
    assert_eq!(access["changes"][0]["change"], "newly_denied");

    // Against what is in force, whichever set that is of.
    let activate = format!("{zone}/policy-sets/{set}/activate");
    stack
        .post(&activate, json!({ "version_id": granted }))
        .await
        .expect(202);
    let told = stack.get(&diff(&to, "")).await.expect(200);
    assert_eq!(
        (&told["from"]["version_id"], &told["unchanged_policies"]),
        (&json!(granted), &json!(1))
    );
    assert_eq!(told["policies"][0]["change"], "added");
    assert_eq!(told["documents"][0]["added"], json!(["an incident"]));
    assert_eq!(told["access"]["changes"][0]["reason"], "restriction_active");
    let same = stack.get(&diff(&to, &format!("?from={to}"))).await.expect(200);
    assert_eq!(
        (&same["policies"], &same["documents"], &same["access"]["changes"]),
        (&json!([]), &json!([]), &json!([]))
    );
    let (other, elsewhere, _) = stack.policy_set(&zone, "other", &grants("app-2")).await;
    let told = stack
        .get(&format!("{zone}/policy-sets/{other}/versions/{elsewhere}/diff"))
        .await
        .expect(200);
    assert_eq!(told["from"]["policy_set_id"], json!(set));

    // What is not this set's, or not this zone's, is not there.
    for missing in [
        diff("gone", ""),
        diff(&to, "?from=gone"),
        diff(&to, &format!("?from={elsewhere}")),
        diff(&elsewhere, ""),
        format!(
            "{}/policy-sets/{set}/versions/{to}/diff",
            stack.zone("beta").await
        ),
    ] {
        assert_eq!(
            stack.get(&missing).await.refused(404),
            "version_not_found",
            "{missing}"
        );
    }
    assert_eq!(
        stack.get(&diff(&to, "?from=%00")).await.refused(400),
        "invalid_query"
    );
}
