//! A day in the life of a cloud: a share of its servers changes in ways real ones do.
//!
//! Chosen by a seed of its own, so the same churn of the same cloud does the same. Knows only the control.

use serde::Serialize;

use crate::control::{Control, NewServer, id_text};
use crate::ids::{Kind, Place, mix};
use crate::overlay::Status;

/// What a churn did: ids, by what happened to them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Churned {
    pub renamed: Vec<String>,
    pub stopped_or_started: Vec<String>,
    pub resized: Vec<String>,
    pub migrated: Vec<String>,
    /// Volumes.
    pub volumes_resized: Vec<String>,
    /// Servers that were deleted, with their ports and root disks.
    pub deleted: Vec<String>,
    /// As many servers were created as deleted.
    pub created: Vec<String>,
}

impl Churned {
    /// Changes made, creations included.
    pub fn total(&self) -> usize {
        let Self { renamed, stopped_or_started, resized, migrated, volumes_resized, deleted, created } = self;
        [renamed, stopped_or_started, resized, migrated, volumes_resized, deleted, created].iter().map(|l| l.len()).sum()
    }
}

impl Control {
    /// Changes a share (0 to 1) of the servers that exist: of ten, three are stopped or started, two renamed, two
    /// resized, one migrated, one has its volume resized and one is deleted while another is created.
    pub fn churn(&self, fraction: f64, seed: u64) -> Churned {
        let mut report = Churned::default();
        for (n, (index, id)) in self.chosen(fraction, seed).into_iter().enumerate() {
            let dice = mix(seed, Place::new(Kind::Server, index), 2) as u32;
            let (done, list) = match n % 10 {
                0 | 3 | 6 => {
                    let status = if self.is_active(index) { Status::Shutoff } else { Status::Active };
                    (self.set_status(&id, status), &mut report.stopped_or_started)
                }
                1 | 4 => (self.rename(&id, &format!("renamed-{dice:08x}")), &mut report.renamed),
                2 | 5 => {
                    let flavor = self.cloud().world.view().server(index).flavor;
                    (self.resize_server(&id, flavor + 1), &mut report.resized)
                }
                7 => (self.migrate_server(&id, dice), &mut report.migrated),
                8 => {
                    let volume = self.id(Kind::VolumeData, index);
                    let done = self.resize_volume(&volume, 300 + dice % 700);
                    if done.is_ok() {
                        report.volumes_resized.push(volume);
                    }
                    continue;
                }
                _ => {
                    if let Ok(created) = self.create_server(NewServer::default()) {
                        report.created.push(created);
                    }
                    (self.delete(&id), &mut report.deleted)
                }
            };
            // Somebody else may have deleted it in the meantime; then it did not change.
            if done.is_ok() {
                list.push(id);
            }
        }
        report
    }

    fn is_active(&self, index: u32) -> bool {
        self.cloud().world.view().server(index).status == Status::Active
    }

    /// The servers to change, in the order of their luck.
    fn chosen(&self, fraction: f64, seed: u64) -> Vec<(u32, String)> {
        let view = self.cloud().world.view();
        let place = |index| Place::new(Kind::Server, index);
        let mut indices: Vec<u32> = (0..view.span(Kind::Server)).filter(|i| view.exists(place(*i))).collect();
        indices.sort_by_cached_key(|i| mix(seed, place(*i), 1));
        let wanted = (indices.len() as f64 * fraction.clamp(0.0, 1.0)).round() as usize;
        indices.truncate(wanted);
        indices.into_iter().map(|i| (i, id_text(&view, Kind::Server, i))).collect()
    }
}
