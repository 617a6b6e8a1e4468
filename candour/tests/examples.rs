//! Holds the reader to what the example documents say.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn read(document: &str, published: &str, kind: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/harbour-inquiry");
    let output = Command::new(env!("CARGO_BIN_EXE_candour"))
        .args(["read", "--format", "json", "--published", published, "--kind", kind])
        .arg(folder.join(document))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    read["items"].as_array().unwrap().clone()
}

fn expected() -> Vec<Value> {
    serde_json::from_str(include_str!("../../examples/harbour-inquiry/expected.json")).unwrap()
}

#[test]
fn every_recommendation_of_the_report_once_with_its_limits() {
    let gold = &expected()[0];
    let items = read("documents/inquiry-report.pdf", gold["published"].as_str().unwrap(), "report");
    let wanted = gold["items"].as_array().unwrap();
    assert_eq!(items.len(), wanted.len());
    for (item, gold) in items.iter().zip(wanted) {
        let number = &gold["number"];
        assert_eq!(&item["number"], number);
        assert_eq!(item["title"], gold["title"], "title of {number}");
        assert!(
            item["text"].as_str().unwrap().starts_with(gold["anchor"].as_str().unwrap()),
            "words of {number}: {}",
            item["text"]
        );
        assert_eq!(item["also_at"].as_array().map_or(0, Vec::len), 1, "places of {number}");
        let addressees = item.get("addressees").cloned().unwrap_or(Value::Array(Vec::new()));
        assert_eq!(addressees, gold["addressees"], "addressees of {number}");
        let limits: Vec<Value> = item["deadlines"].as_array().cloned().unwrap_or_default();
        let gold_limits = gold["deadlines"].as_array().unwrap();
        assert_eq!(limits.len(), gold_limits.len(), "limits of {number}: {limits:?}");
        for (limit, gold) in limits.iter().zip(gold_limits) {
            for field in ["type", "amount", "unit", "counted_from", "date", "recurring", "phrase"] {
                assert_eq!(limit.get(field), gold.get(field), "{field} of a limit of {number}");
            }
        }
        for stray in
            ["The Harbour Region Inquiry", "Home Visits (Harbour Region) Act", "released at its request"]
        {
            assert!(!item["text"].as_str().unwrap().contains(stray), "{number} holds what surrounds it");
        }
    }
}

#[test]
fn every_answer_of_the_response_with_its_position() {
    let gold = &expected()[1];
    let items = read("documents/government-response.html", gold["published"].as_str().unwrap(), "response");
    let found: Vec<(&Value, &Value)> =
        items.iter().map(|i| (&i["number"], &i["response"]["position"])).collect();
    let wanted: Vec<(&Value, &Value)> =
        gold["items"].as_array().unwrap().iter().map(|i| (&i["number"], &i["position"])).collect();
    assert_eq!(found, wanted);
}
