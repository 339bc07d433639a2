//! What asking costs, in calls of the API: what the choice between single objects, whole collections and everything goes by.

/// The price of one collection. Estimates do: what is asked is right at any price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListingCost {
    /// Records that one call of the listing brings.
    pub page_size: u32,
    /// Calls that each record needs beside the listing: its quotas, its resources.
    pub calls_per_record: u32,
    /// Other collections that are listed with this one, because they hold what its records own: volumes, which are disks of
    /// VMs. Their own prices are added.
    pub listed_with: &'static [&'static str],
    /// Calls that one object costs when it is asked for by its id, with what it owns.
    pub calls_per_target: u32,
}

impl ListingCost {
    /// Calls that listing the collection itself takes when it has so many rows. An empty listing is a call, too.
    pub fn listing(&self, rows: u64) -> u64 {
        rows.div_ceil(u64::from(self.page_size.max(1))).max(1) + rows * u64::from(self.calls_per_record)
    }

    /// Calls that so many single objects take.
    pub fn targets(&self, targets: u64) -> u64 {
        targets * u64::from(self.calls_per_target)
    }
}

impl Default for ListingCost {
    fn default() -> Self {
        Self { page_size: 100, calls_per_record: 0, listed_with: &[], calls_per_target: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::ListingCost;

    #[test]
    fn pages_are_whole_and_there_is_always_one() {
        let cost = ListingCost { page_size: 200, calls_per_target: 3, ..ListingCost::default() };
        assert_eq!([0, 1, 200, 201, 10_000].map(|rows| cost.listing(rows)), [1, 1, 1, 2, 50]);
        assert_eq!(cost.targets(612), 1_836);
        assert_eq!(ListingCost { calls_per_record: 2, ..cost }.listing(300), 602, "and two for each record");
        assert_eq!(ListingCost { page_size: 0, ..cost }.listing(3), 3, "a mistake is expensive, not fatal");
    }
}
