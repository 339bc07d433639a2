//! What the kernel knows of a process.

use std::time::Duration;

/// Resident memory in bytes, and processor time, user and system. None: there is no such process any more.
pub(crate) fn usage(pid: u32) -> Option<(u64, Duration)> {
    let pages: u64 = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?.split(' ').nth(1)?.parse().ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Behind the name, which may have blanks and brackets of its own: state is the first, utime the twelfth, stime next.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    let ticks = next()? + next()?;
    let millis = ticks * 1_000 / rustix::param::clock_ticks_per_second().max(1);
    Some((pages * rustix::param::page_size() as u64, Duration::from_millis(millis)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn this_process_has_memory_and_a_made_up_one_has_none() {
        let (rss, _) = super::usage(std::process::id()).expect("this process");
        assert!(rss > 1 << 20, "{rss} bytes");
        assert_eq!(super::usage(u32::MAX), None);
    }
}
