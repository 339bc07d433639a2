//! Parsing of recorded real answers, of old shapes, and of pages that are not what they should be.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use serde_json::{Value as Json, json};
use stocktake_model::{FieldValue, IssueKind, Rows};
use stocktake_openstack::OpenStack;
use stocktake_provider::{Configuration, Page, Provider, ProviderType as _, Secret, Traffic};

/// Recorded answers, by the listing they are of: `tests/recorded/NAME.json`, from a real Zed cloud, shortened.
const RECORDED: &[(&str, &str)] = &[
    ("servers", ""),
    ("flavors", ""),
    ("hypervisors", ""),
    ("compute_services", ""),
    ("aggregates", ""),
    ("compute_zones", ""),
    ("compute_quotas", "74360fcc6ad64351a8f92817197304e7"),
    ("network_quotas", "74360fcc6ad64351a8f92817197304e7"),
    ("projects", ""),
    ("images", ""),
    ("networks", ""),
    ("subnets", ""),
    ("ports", ""),
    ("routers", ""),
    ("floating_ips", ""),
    ("security_groups", ""),
    ("agents", ""),
    ("network_zones", ""),
    ("volumes", ""),
    ("snapshots", ""),
    ("volume_types", ""),
    ("volume_services", ""),
];

/// One for all: making a client reads the machine's certificates.
fn provider() -> &'static Arc<dyn Provider> {
    static PROVIDER: LazyLock<Arc<dyn Provider>> = LazyLock::new(connect);
    &PROVIDER
}

fn connect() -> Arc<dyn Provider> {
    let mut c = Configuration::default();
    for (name, value) in [("auth_url", "http://127.0.0.1:1/v3"), ("username", "nobody"), ("project_name", "none")] {
        c.settings.insert(name.to_owned(), value.to_owned());
    }
    c.secrets.insert("password".to_owned(), Secret::from("none"));
    OpenStack.connect(&c, Traffic::Live).expect("settings")
}

fn parse(listing: &'static str, context: &str, body: &str) -> Rows {
    let provider = provider();
    let mut rows = Rows::new(provider.menu(), 7);
    let body = body.to_owned().into();
    provider.parse(&Page { listing, number: 1, context: Cow::Owned(context.to_owned()), body }, &mut rows);
    rows
}

fn recorded(listing: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/recorded/{listing}.json"));
    std::fs::read_to_string(path).expect("a recorded answer")
}

/// Rows for people: `{"vms": {"8c2a…": {"name": …, "flavor": "→ flavors by name: lab.small"}}}`.
fn readable(rows: &Rows) -> BTreeMap<&'static str, BTreeMap<String, Json>> {
    let menu = rows.menu();
    let mut all = BTreeMap::new();
    for (ix, of) in rows.iter().filter(|(_, of)| !of.is_empty()) {
        let c = menu.get(ix);
        let row = |row: stocktake_model::RowView<'_>| {
            let fields = row.fields().map(|(field, value)| (c.field_name(field).to_owned(), value_of(rows, value)));
            (row.key().to_owned(), Json::Object(fields.collect()))
        };
        all.insert(c.name, of.iter().map(row).collect());
    }
    all
}

fn value_of(rows: &Rows, value: FieldValue<'_>) -> Json {
    match value {
        FieldValue::Null => Json::Null,
        FieldValue::Bool(v) => json!(v),
        FieldValue::Int(v) => json!(v),
        FieldValue::Float(v) => json!(v),
        FieldValue::Time(v) => json!(jiff::Timestamp::from_microsecond(v).expect("a time").to_string()),
        FieldValue::Text(v) => json!(v),
        FieldValue::Json(v) => serde_json::from_str(v).expect("JSON"),
        FieldValue::Link(link) => {
            let target = rows.menu().get(link.target);
            let by = link.by.checked_sub(1).map(|by| format!(" by {}", target.secondary_refs[usize::from(by)].name));
            let what = link.value_of.map(|f| format!(".{}", target.field_name(f)));
            json!(format!("→ {}{}{}: {}", target.name, what.unwrap_or_default(), by.unwrap_or_default(), link.key))
        }
    }
}

#[test]
fn recorded_answers_give_these_rows() {
    for (listing, context) in RECORDED {
        let rows = parse(listing, context, &recorded(listing));
        assert_eq!(rows.issues, [], "{listing}");
        insta::assert_json_snapshot!(*listing, readable(&rows));
    }
}

#[test]
fn documents_are_kept_as_they_came() {
    let page = recorded("servers");
    let rows = parse("servers", "", &page);
    for row in rows.of(rows.menu().expect_ix("vms")).iter() {
        let raw = row.raw().expect("a document");
        assert!(page.contains(raw) && raw.starts_with('{') && raw.ends_with('}'));
        assert!(raw.contains(row.key()));
    }
}

/// A server as nova 2.1 shows one: the flavor by its id alone, no tags, no description, no lock.
#[test]
fn an_old_server_takes_its_sizes_from_its_flavor() {
    let server = json!({"servers": [{
        "id": "s", "name": "old", "status": "ACTIVE", "tenant_id": "t", "user_id": "u", "metadata": {}, "config_drive": "True",
        "image": {"id": "i"}, "flavor": {"id": "3", "links": []}, "addresses": {}, "key_name": null,
        "created": "2016-01-05T08:03:00Z", "updated": "2016-01-05T08:03:00Z", "OS-EXT-STS:power_state": 1
    }]});
    let rows = readable(&parse("servers", "", &server.to_string()));
    assert_eq!(rows["vms"]["s"]["flavor"], "→ flavors: 3");
    assert_eq!(rows["vms"]["s"]["has_config_drive"], true);
    assert_eq!(rows["vms"]["s"]["power_state"], "on");
    assert_eq!(rows["hardwares"]["s/~n"]["memory_mb"], "→ flavors.memory_mb: 3");
    assert_eq!(rows["disks"]["s/~n/root"]["size_bytes"], "→ flavors.root_disk_bytes: 3");
}

/// Since 2.69, of a server whose cell is down; as the API reference shows it.
#[test]
fn a_server_of_a_cell_that_is_down_keeps_what_is_known_of_it() {
    let down = json!({
        "created": "2026-06-22T02:02:51Z", "id": "s", "links": [{"href": "http://nova/servers/s", "rel": "self"}],
        "status": "UNKNOWN", "tenant_id": "t"
    });
    let rows = parse("servers", "", &json!({"servers": [down]}).to_string());
    assert_eq!(rows.issues.len(), 1, "{:?}", rows.issues);
    assert_eq!((rows.issues[0].kind, &*rows.issues[0].reference), (IssueKind::Malformed, "s"));
    assert!(rows.issues[0].message.contains("cell is down"), "{:?}", rows.issues);
    let written = json!({"vms": {"s": {"power_state": "unknown", "raw_power_state": null, "status": "unknown"}}});
    assert_eq!(json!(readable(&rows)), written, "the rest, and all children, are left as they are");
    assert_eq!(rows.of(rows.menu().expect_ix("vms")).iter().next().and_then(stocktake_model::RowView::raw), None);
    // A server that is in trouble by itself has all its fields.
    let lost = json!({"servers": [{"id": "s", "name": "n", "status": "UNKNOWN", "flavor": {"vcpus": 1, "ram": 512}}]});
    let rows = parse("servers", "", &lost.to_string());
    assert_eq!(rows.issues, []);
    assert_eq!(readable(&rows)["vms"]["s"]["name"], "n");
}

#[test]
fn a_service_of_a_cell_that_is_down_is_left_as_it_is() {
    let services = json!({"services": [
        {"binary": "nova-compute", "host": "host1", "status": "UNKNOWN"},
        {"binary": "nova-compute", "host": "host2", "status": "enabled", "state": "up", "id": "2", "zone": "nova"}
    ]});
    let rows = parse("compute_services", "", &services.to_string());
    assert_eq!(rows.issues.len(), 1);
    assert_eq!((rows.issues[0].kind, &*rows.issues[0].reference), (IssueKind::Malformed, "nova-compute host1"));
    assert_eq!(rows.of(rows.menu().expect_ix("services")).len(), 1);
}

#[test]
fn power_is_the_same_word_everywhere() {
    for (power, status, expected) in [
        (json!(1), "ACTIVE", "on"),
        (json!(4), "SHUTOFF", "off"),
        (json!(3), "PAUSED", "paused"),
        (json!(7), "SUSPENDED", "suspended"),
        (json!(0), "ERROR", "unknown"),
        (json!(0), "BUILD", "unknown"),
        (json!(4), "SHELVED_OFFLOADED", "off"),
        (json!(null), "SHELVED_OFFLOADED", "off"),
        (json!(null), "ACTIVE", "on"),
        (json!(6), "ACTIVE", "off"),
        (json!(99), "VERIFY_RESIZE", "unknown"),
    ] {
        let page = json!({"servers": [{"id": "s", "status": status, "OS-EXT-STS:power_state": power}]});
        let rows = readable(&parse("servers", "", &page.to_string()));
        assert_eq!(rows["vms"]["s"]["power_state"], expected, "{power} {status}");
        assert_eq!(rows["vms"]["s"]["status"], status.to_lowercase());
    }
}

#[test]
fn hypervisors_before_2_88_have_sizes_and_counters_that_do_not_count() {
    let page = |used: i64, info: Json| {
        let hypervisor = json!({"hypervisors": [{
            "id": 5, "hypervisor_hostname": "h", "state": "up", "status": "disabled", "hypervisor_type": "QEMU",
            "hypervisor_version": 7002000, "host_ip": "10.0.0.5", "service": {"host": "h", "id": 9, "disabled_reason": "old"},
            "vcpus": 64, "memory_mb": 262_144, "local_gb": 900, "memory_mb_used": used, "running_vms": used,
            "cpu_info": info
        }]});
        parse("hypervisors", "", &hypervisor.to_string())
    };
    let info = json!({"model": "EPYC", "arch": "x86_64", "topology": {"sockets": 2, "cores": 16, "threads": 2}});
    let rows = page(1, info.clone());
    let seen = readable(&rows);
    assert_eq!(seen["hosts"]["5"]["disabled_reason"], "old");
    assert_eq!(seen["hosts"]["5"]["is_enabled"], false);
    let hardware = &seen["hardwares"]["~n/5"];
    assert_eq!((&hardware["cpu_sockets"], &hardware["cpu_type"]), (&json!(2), &json!("EPYC")));
    assert_eq!(hardware["disk_capacity_bytes"], 900_i64 << 30);
    // Until 2.27 the same as a text.
    assert_eq!(readable(&page(1, json!(info.to_string())))["hardwares"]["~n/5"], *hardware);
    let hosts = rows.menu().expect_ix("hosts");
    let head = |rows: &Rows| (rows.of(hosts).head(0).digest, rows.of(hosts).head(0).raw_digest);
    assert_eq!(head(&rows), head(&page(2, info)));
}

#[test]
fn key_pairs_belong_to_the_user_of_the_page() {
    let page = json!({"keypairs": [{"keypair": {"name": "k", "public_key": "ssh-ed25519 AAAA", "fingerprint": "aa:bb"}}]});
    let rows = readable(&parse("key_pairs", "user-1", &page.to_string()));
    assert_eq!(rows["key_pairs"]["user-1/k"]["kind"], "ssh");
    assert_eq!(rows["key_pairs"]["user-1/k"]["user_ref"], "user-1");
}

#[test]
fn server_groups_before_2_64_have_a_list_of_policies() {
    let page = json!({"server_groups": [
        {"id": "g", "name": "n", "policies": ["anti-affinity"], "members": ["a", "b"], "metadata": {}},
        {"id": "h", "name": "n", "policy": "affinity", "rules": {"max_server_per_host": 3}, "members": []},
    ]});
    let rows = readable(&parse("server_groups", "", &page.to_string()));
    assert_eq!(rows["server_groups"]["g"]["policy"], "anti-affinity");
    assert_eq!(rows["server_groups"]["h"]["rules"], json!({"max_server_per_host": 3}));
    assert_eq!(rows["server_group_members"].keys().collect::<Vec<_>>(), ["g/a", "g/b"]);
}

#[test]
fn stacks_have_parameters_outputs_and_resources() {
    let page = json!({"stacks": [{
        "id": "st", "stack_name": "shop", "stack_status": "CREATE_COMPLETE", "parent": "up", "creation_time": "2026-01-01T00:00:00Z",
        "updated_time": null, "parameters": {"OS::project_id": "p", "size": "3", "list": [1, 2]},
        "outputs": [{"output_key": "url", "output_value": {"a": "b"}, "description": "where"}], "tags": ["x"]
    }]});
    let rows = readable(&parse("stacks", "", &page.to_string()));
    assert_eq!(rows["orchestration_stacks"]["st"]["cloud_tenant"], "→ cloud_tenants: p");
    assert_eq!(rows["orchestration_stacks"]["st"]["parent"], "→ orchestration_stacks: up");
    assert_eq!(rows["stack_parameters"]["st/list"]["value"], "[1,2]");
    assert_eq!(rows["stack_outputs"]["st/url"]["value"], "{\"a\":\"b\"}");
    let page = json!({"resources": [
        {"resource_name": "web", "resource_type": "OS::Nova::Server", "physical_resource_id": "v", "resource_status": "CREATE_COMPLETE"},
        {"resource_name": "tier", "resource_type": "tier.yaml", "physical_resource_id": "s2", "links": [{"rel": "nested"}]},
        {"resource_name": "later", "resource_type": "OS::Nova::Server", "physical_resource_id": ""},
    ]});
    let rows = readable(&parse("stack_resources", "st", &page.to_string()));
    assert_eq!(rows["stack_resources"]["st/web"]["vm"], "→ vms: v");
    assert_eq!(rows["stack_resources"]["st/tier"]["nested_stack"], "→ orchestration_stacks: s2");
    assert_eq!(rows["stack_resources"]["st/later"]["vm"], Json::Null);
}

#[test]
fn the_order_of_lists_and_objects_does_not_change_a_document() {
    let page = |metadata: &str, tags: &str| {
        let page = format!(r#"{{"servers": [{{"id": "s", "metadata": {metadata}, "tags": {tags}, "status": "ACTIVE"}}]}}"#);
        let rows = parse("servers", "", &page);
        rows.of(rows.menu().expect_ix("vms")).head(0).raw_digest
    };
    let one = page(r#"{"a": "1", "b": "2"}"#, r#"["x", "y"]"#);
    assert_eq!(one, page(r#"{"b": "2", "a": "1"}"#, r#"["y", "x"]"#));
    assert_ne!(one, page(r#"{"b": "2", "a": "3"}"#, r#"["y", "x"]"#));
    assert_ne!(one, page(r#"{"b": "2", "a": "1"}"#, r#"["y"]"#));
}

/// Each field of each recorded record is replaced by each kind of wrong value, one at a time. Whatever becomes of the
/// record, the others are read as before, and a record that gives no row gives an issue.
#[test]
fn a_wrong_field_costs_its_own_record_at_most() {
    let wrong = [
        json!(null),
        json!(0),
        json!(-1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(true),
        json!(""),
        json!("x"),
        json!("a\u{0}b/~"),
        json!([]),
        json!([null, 1]),
        json!({}),
        json!({"a": [1, {"b": null}]}),
    ];
    for (listing, context) in RECORDED {
        let page: Json = serde_json::from_str(&recorded(listing)).expect("JSON");
        let Some((root, records)) = page.as_object().and_then(|o| o.iter().find(|(_, v)| v.is_array())) else { continue };
        let good = records.as_array().expect("a list")[0].clone();
        let mut other = good.clone();
        let identity: &[&str] = if *listing == "network_zones" { &["name"] } else { &["id", "zoneName", "host"] };
        for name in identity {
            if let Some(id) = other.get_mut(name) {
                *id = json!("other");
            }
        }
        let alone = readable(&parse(listing, context, &json!({root: [other]}).to_string()));
        for field in good.as_object().expect("a record").keys() {
            for value in &wrong {
                let mut bad = good.clone();
                bad[field] = value.clone();
                let rows = parse(listing, context, &json!({root: [bad, other]}).to_string());
                let seen = readable(&rows);
                for (collection, rows) in &alone {
                    for key in rows.keys() {
                        assert!(
                            seen.get(collection).is_some_and(|r| r.contains_key(key)),
                            "{listing}.{field}={value}: {collection} {key}"
                        );
                    }
                }
                let main = alone.keys().map(|c| seen[c].len() - alone[c].len()).sum::<usize>();
                assert!(main > 0 || !rows.issues.is_empty(), "{listing}.{field}={value} vanished silently");
                for issue in &rows.issues {
                    assert!(!issue.reference.is_empty() || issue.kind == IssueKind::BlankIdentity, "{issue:?}");
                }
            }
        }
    }
}

#[test]
fn records_and_pages_of_another_shape_are_issues_with_their_place() {
    let rows = parse("servers", "", r#"{"servers": [{"id": "a"}, null, "text", [], {"id": {"x": 1}}, {"id": "b"}]}"#);
    let places: Vec<_> = rows.issues.iter().map(|i| (i.kind, i.collection.as_str(), i.reference.as_str())).collect();
    let malformed = |place| (IssueKind::Malformed, "vms", place);
    assert_eq!(
        places,
        [
            malformed("servers page 1 record 2"),
            malformed("servers page 1 record 3"),
            malformed("servers page 1 record 4"),
            malformed("servers page 1 record 5")
        ]
    );
    assert_eq!(rows.of(rows.menu().expect_ix("vms")).len(), 2);
    for body in [
        "",
        "[]",
        "null",
        "<html>",
        "{}",
        r#"{"servers": null}"#,
        r#"{"servers": {}}"#,
        r#"{"servers": [{"id": "a"}"#,
        "\u{feff}",
    ] {
        let rows = parse("servers", "", body);
        assert!(!rows.issues.is_empty(), "{body}");
    }
}
