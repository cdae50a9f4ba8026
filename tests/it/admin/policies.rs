use serde_json::json;
use skillswap::domains::audit::service;

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn the_policies_are_what_the_house_goes_by() {
    let app = TestApp::start_with(|config| config.fee_basis_points = 1234).await;
    let query = "{ policies { bookings { feeBasisPoints holdMinutes mostHolds sessionMinutes { min max }
          freeCancellationHours lateFeePercent { min max } defaultCancellationPolicy { freeHours lateFeePercent } quoteMinutes }
        accounts { passwordLength { min max } } mentors { reapplyDays } api { largestPage } audit { publishedHead { seq hash } } } }";

    let before = app.anonymous().query(query).await;

    assert_eq!(
        before.data("policies"),
        &json!({
            "bookings": { "feeBasisPoints": 1234, "holdMinutes": 5, "mostHolds": 3, "sessionMinutes": { "min": 15, "max": 240 },
                "freeCancellationHours": [0, 12, 24, 36], "lateFeePercent": { "min": 0, "max": 100 },
                "defaultCancellationPolicy": { "freeHours": 12, "lateFeePercent": 100 }, "quoteMinutes": 5 },
            "accounts": { "passwordLength": { "min": 8, "max": 128 } },
            "mentors": { "reapplyDays": 30 },
            "api": { "largestPage": 50 },
            "audit": { "publishedHead": null },
        })
    );
    let too_many = app.anonymous().query("{ mentors(first: 51) { edges { cursor } } }").await;
    assert_eq!(too_many.error_codes(), ["VALIDATION"]);

    let root = app.admin("root").await;
    let head = service::publish_head(&app.app).await.expect("published").expect("a head");
    let published = app.anonymous().query(query).await.data("policies")["audit"]["publishedHead"].clone();
    assert_eq!(published, json!({ "seq": "2", "hash": head.hex() }));
    let verify = "query($head: AuditHeadInput) { verifyAuditLog(knownHead: $head) { intact } }";
    assert_eq!(root.run(verify, json!({ "head": published })).await.data("verifyAuditLog")["intact"], true);
}
