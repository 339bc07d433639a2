use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().expect(text)
}

fn schedule(text: &str) -> Schedule {
    text.parse().expect(text)
}

fn ticks(text: &str, from: &str, jitter: Duration, count: usize) -> Vec<String> {
    let (schedule, mut now) = (schedule(text), at(from));
    let mut ticks = Vec::new();
    for _ in 0..count {
        now = schedule.next_after(now, "refresh:7", jitter).expect("a tick");
        ticks.push(now.to_string());
    }
    ticks
}

#[test]
fn cron_expressions_are_in_utc() {
    for (text, from, expected) in [
        ("0 3 * * *", "2026-03-28T02:00:00Z", ["2026-03-28T03:00:00Z", "2026-03-29T03:00:00Z", "2026-03-30T03:00:00Z"]),
        // Clocks go forward in Europe on this day: in UTC no hour is missing and none comes twice.
        ("30 */12 * * *", "2026-03-29T00:30:00Z", ["2026-03-29T12:30:00Z", "2026-03-30T00:30:00Z", "2026-03-30T12:30:00Z"]),
        ("0 0 29 2 *", "2026-01-01T00:00:00Z", ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z", "2036-02-29T00:00:00Z"]),
        // 2100 is no leap year.
        ("0 0 29 2 *", "2096-02-29T00:00:00Z", ["2104-02-29T00:00:00Z", "2108-02-29T00:00:00Z", "2112-02-29T00:00:00Z"]),
        ("0 0 31 * *", "2026-01-31T00:00:00Z", ["2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z", "2026-07-31T00:00:00Z"]),
        ("0 0 L * *", "2027-12-31T00:00:00Z", ["2028-01-31T00:00:00Z", "2028-02-29T00:00:00Z", "2028-03-31T00:00:00Z"]),
        ("@weekly", "2026-11-25T00:00:00Z", ["2026-11-29T00:00:00Z", "2026-12-06T00:00:00Z", "2026-12-13T00:00:00Z"]),
        ("0 0 13 * FRI", "2026-11-01T00:00:00Z", ["2026-11-06T00:00:00Z", "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z"]),
    ] {
        assert_eq!(ticks(text, from, Duration::ZERO, 3), expected, "{text} from {from}");
    }
}

#[test]
fn a_tick_is_not_its_own_next() {
    let now = at("2026-11-25T03:00:00.5Z");
    let daily = schedule("0 3 * * *");
    assert_eq!(daily.next_after(now, "x", Duration::ZERO), Some(at("2026-11-26T03:00:00Z")));
    assert_eq!(daily.next_after(at("2026-11-25T02:59:59.999Z"), "x", Duration::ZERO), Some(at("2026-11-25T03:00:00Z")));
}

/// What was missed is asked for once: the tick after the present lies ahead, however long nobody looked.
#[test]
fn missed_ticks_are_not_counted_up() {
    for text in ["1h", "0 * * * *"] {
        let schedule = schedule(text);
        let long_after = at("2026-11-25T12:34:56Z");
        let next = schedule.next_after(long_after, "refresh:7", Duration::from_mins(5)).expect("a tick");
        assert!(next > long_after && next <= at("2026-11-25T13:39:56Z"), "{text}: {next}");
    }
}

#[test]
fn jitter_is_the_same_each_time_and_differs_between_names() {
    let (jitter, now) = (Duration::from_mins(5), at("2026-11-25T00:00:00Z"));
    let daily = schedule("0 3 * * *");
    let moment = at("2026-11-25T03:00:00Z");
    let mut ways = std::collections::BTreeSet::new();
    for provider in 0..100 {
        let name = format!("refresh:{provider}");
        let first = daily.next_after(now, &name, jitter).expect("a tick");
        let way = first.as_second() - moment.as_second();
        assert!((0..300).contains(&way), "{name}: {way}");
        let second = daily.next_after(first, &name, jitter).expect("a tick");
        assert_eq!(second.as_second() - first.as_second(), 86_400, "{name}");
        // Between the expression's moment and the moved tick, the tick of that day is still ahead.
        assert_eq!(daily.next_after(moment - Duration::from_secs(1), &name, jitter), Some(first));
        ways.insert(way);
    }
    assert!(ways.len() > 50, "{} ways for 100 names", ways.len());
}

/// Hosts that must agree may run different builds: these moments are not to change.
#[test]
fn ticks_are_frozen() {
    let jitter = Duration::from_mins(5);
    assert_eq!(ticks("6h", "2026-11-25T00:00:00Z", jitter, 2), ["2026-11-25T00:46:42Z", "2026-11-25T06:46:42Z"]);
    assert_eq!(ticks("0 3 * * *", "2026-11-25T00:00:00Z", jitter, 1), ["2026-11-25T03:01:42Z"]);
}

#[test]
fn what_is_no_schedule_is_told() {
    for (text, why) in [
        ("", "none of the three"),
        ("daily", "none of the three"),
        ("10", "none of the three"),
        ("0s", "not between 1s and 366d"),
        ("500ms", "not between"),
        ("400d", "not between"),
        ("0 3 * *", "0 3 * *"),
        ("0 0 3 * * *", "0 0 3 * * *"),
        ("61 3 * * *", "61"),
        ("0 0 30 2 *", "no day ever fits"),
        ("@fortnightly", "@fortnightly"),
    ] {
        let error = text.parse::<Schedule>().expect_err(text).to_string();
        assert!(error.contains(why) && error.contains("off"), "{text}: {error}");
    }
    assert!(Schedule::parse_cron("6h").is_err());
}

#[test]
fn what_is_shown_reads_the_same() {
    for text in ["off", "24h", "7d", "90s", "0 3 * * *", "*/5 8-18 * * MON-FRI", "@hourly"] {
        let parsed = schedule(text);
        assert_eq!(parsed, schedule(&parsed.to_string()), "{text}");
    }
    assert_eq!(Schedule::Off.next_after(at("2026-11-25T00:00:00Z"), "x", Duration::ZERO), None);
}

proptest::proptest! {
    /// Two hosts that look at different moments of one gap see the same tick ahead, and ticks lie one interval apart.
    #[test]
    fn hosts_agree(seconds in 1_u64..4_000_000, now in 0_i64..4_000_000_000_000, name in "[a-z:0-9]{1,12}") {
        let interval = Duration::from_secs(seconds);
        let schedule = Schedule::Every(interval);
        let next = |now: i64| {
            let now = Timestamp::from_millisecond(now).expect("in range");
            schedule.next_after(now, &name, Duration::ZERO).expect("a tick").as_millisecond()
        };
        let tick = next(now);
        let every = millis(interval);
        proptest::prop_assert!(tick > now && tick <= now + every);
        proptest::prop_assert_eq!(next(tick - 1), tick);
        proptest::prop_assert_eq!(next((tick - every).max(now)), tick);
        proptest::prop_assert_eq!(next(tick), tick + every);
    }
}
