//! Every listing ends: properly, or as an error.

use stocktake_http::{BrokenPaging, Paging};

/// Pages by their path: ids and the next path.
fn walk(pages: &[(&str, &[&str], Option<&str>)]) -> Result<(u32, u64), BrokenPaging> {
    let mut paging = Paging::from(pages[0].0);
    let mut turns = 0;
    while let Some(path) = paging.next() {
        turns += 1;
        assert!(turns <= 10, "endless");
        let (_, ids, next) = pages.iter().find(|p| p.0 == path).expect("a page that exists");
        paging.page(*ids, next.map(str::to_owned))?;
    }
    Ok((paging.pages(), paging.records()))
}

#[test]
fn proper_listings_end() {
    assert_eq!(walk(&[("1", &["a", "b"], Some("2")), ("2", &["c"], None)]), Ok((2, 3)));
    assert_eq!(walk(&[("1", &["a", "b"], Some("2")), ("2", &[], None)]), Ok((2, 2)));
    assert_eq!(walk(&[("1", &[], None)]), Ok((1, 0)));
}

#[test]
fn circles_are_broken() {
    let next = |n: &str| n.to_owned();
    assert_eq!(
        walk(&[("1", &["a"], Some("2")), ("2", &["b"], Some("1"))]),
        Err(BrokenPaging::RepeatedLink { page: 2, next: next("1") })
    );
    assert_eq!(walk(&[("1", &["a"], Some("1"))]), Err(BrokenPaging::RepeatedLink { page: 1, next: next("1") }));
    assert_eq!(
        walk(&[("1", &["a", "b"], Some("2")), ("2", &["b", "c"], Some("3")), ("3", &["d"], None)]),
        Err(BrokenPaging::RepeatedRecord { page: 2, id: "b".to_owned() })
    );
}

#[test]
fn an_empty_page_that_goes_on_is_broken() {
    assert_eq!(
        walk(&[("1", &["a"], Some("2")), ("2", &[], Some("3")), ("3", &["b"], None)]),
        Err(BrokenPaging::EmptyWithNext { page: 2, next: "3".to_owned() })
    );
}

#[test]
fn a_sceptic_believes_an_empty_end_only_twice() {
    let none: [&str; 0] = [];
    let mut empty = Paging::from("1").sceptical();
    for _ in 0..2 {
        assert_eq!(empty.next().as_deref(), Some("1"));
        empty.page(none, None).unwrap();
    }
    assert_eq!(empty.next(), None);

    let mut hiccup = Paging::from("1").sceptical();
    hiccup.next();
    hiccup.page(["a"], Some("2".to_owned())).unwrap();
    hiccup.next();
    hiccup.page(none, None).unwrap();
    assert_eq!(hiccup.next().as_deref(), Some("2"), "asked again");
    hiccup.page(["b"], Some("3".to_owned())).unwrap();
    assert_eq!(hiccup.next().as_deref(), Some("3"), "and it goes on");
}
