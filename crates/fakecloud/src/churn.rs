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
            let volume = self.id(Kind::VolumeData, index);
            let (server, scheduled) = {
                let view = self.cloud().world.view();
                (view.server(index), view.scheduled(index))
            };
            let (done, list) = match n % 10 {
                0 | 3 | 6 if scheduled => {
                    let running = server.status == Status::Active;
                    let status = if running { Status::Shutoff } else { Status::Active };
                    (self.set_status(&id, status), &mut report.stopped_or_started)
                }
                2 | 5 => (self.resize_server(&id, server.flavor + 1), &mut report.resized),
                7 => (self.migrate_server(&id, dice), &mut report.migrated),
                8 if self.find(&volume).is_some() => {
                    let done = self.resize_volume(&volume, 300 + dice % 700);
                    report.volumes_resized.extend(done.is_ok().then_some(volume));
                    continue;
                }
                9 => {
                    let created = self.create_server(NewServer::default());
                    report.created.extend(created.ok());
                    (self.delete(&id), &mut report.deleted)
                }
                // What has no volume, or never ran, is renamed instead.
                _ => (self.rename(&id, &format!("renamed-{dice:08x}")), &mut report.renamed),
            };
            // Somebody else may have deleted it in the meantime; then it did not change.
            if done.is_ok() {
                list.push(id);
            }
        }
        report
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
