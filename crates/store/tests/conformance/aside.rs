//! Rows that were put aside are saved like those in memory; out of reach, nothing is saved.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use stocktake_model::Rows;
use stocktake_model::menus::{cloud::*, machines::*};
use stocktake_saver::{SavePlan, Spill};
use stocktake_store::StoreError;
use stocktake_testkit::TestDatabase;

use super::support::World;

#[derive(Debug, Default)]
struct Room {
    bytes: Mutex<Vec<u8>>,
    gone: AtomicBool,
}

impl Spill for Room {
    fn append(&self, bytes: &[u8]) -> io::Result<u64> {
        let mut held = self.bytes.lock().unwrap();
        let at = held.len() as u64;
        held.extend_from_slice(bytes);
        Ok(at)
    }

    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        if self.gone.load(Ordering::Relaxed) {
            return Err(io::Error::other("the disk is gone"));
        }
        into.copy_from_slice(&self.bytes.lock().unwrap()[at as usize..][..into.len()]);
        Ok(())
    }

    fn place(&self) -> String {
        "memory".to_owned()
    }
}

/// 300 VMs of three kinds, in pages of 50.
fn pages(world: &World, round: usize) -> Vec<Rows> {
    let page = |from: usize| {
        let mut rows = world.rows();
        for n in from..from + 50 {
            // Identities do not come in their order.
            let (key, document) = (format!("vm{}", n * 7919 % 300), format!("{{\"round\":{round}}}"));
            let (name, flavor) = (format!("name {}", if n % 3 == 0 { round } else { 0 }), format!("f{}", n % 20));
            let row = rows.row(world.ix("vms"), &key).text(vms::name, name.as_str()).link(vms::flavor, &flavor);
            if n % 2 == 0 {
                row.raw(&document).finish();
            } else {
                row.finish();
            }
            rows.row(world.ix("hardwares"), &key).link(hardwares::vm, &key).int(hardwares::memory_mb, 1).finish();
        }
        for n in (0..20).filter(|_| from == 0) {
            rows.row(world.ix("flavors"), &format!("f{n}")).text(flavors::name, format!("n{n}").as_str()).finish();
        }
        rows
    };
    (0..6).map(|n| page(n * 50)).collect()
}

async fn planned(world: &World, round: usize) -> (SavePlan, Arc<Room>) {
    let room = Arc::<Room>::default();
    let plan = world.plan_pages(pages(world, round), &world.complete(), room.clone(), 8_000).await;
    assert!(!room.bytes.lock().unwrap().is_empty(), "nothing was put aside");
    (plan, room)
}

pub(crate) async fn rows_put_aside_are_saved_like_others(database: TestDatabase) {
    let world = World::new(database).await;
    let (plan, _) = planned(&world, 1).await;
    let stats = world.save(plan, &world.complete()).await.unwrap();
    assert_eq!((stats.written.inserted, stats.written.documents), (620, 150), "{stats:?}");
    assert_eq!(
        world.count("select count(*) from hardwares h join vms v on v.id = h.vm_id and v.ems_ref = h.ems_ref").await,
        300
    );
    let ascending = "select count(*) from vms a join vms b on b.id > a.id and b.ems_ref < a.ems_ref";
    assert_eq!(world.count(ascending).await, 0, "ids grow with the identities");
    // A third changes, some of them with their document; of others the document alone.
    let (plan, _) = planned(&world, 2).await;
    let (updated, raw_only) = (plan.counts().updated, plan.counts().raw_only);
    let stats = world.save(plan, &world.complete()).await.unwrap();
    assert_eq!((updated, raw_only, stats.written.updated, stats.written.documents), (100, 100, 100, 150), "{stats:?}");
    assert_eq!(world.count("select count(*) from vms where name = 'name 2'").await, 100);
    let read = world.refresh_pages(pages(&world, 2)).await;
    assert_eq!((read.written.inventory(), read.written.documents), (0, 0), "what was saved is what was listed");
}

pub(crate) async fn rows_out_of_reach_save_nothing(database: TestDatabase) {
    let world = World::new(database).await;
    let (plan, room) = planned(&world, 1).await;
    room.gone.store(true, Ordering::Relaxed);
    let error = world.save(plan, &world.complete()).await.unwrap_err();
    assert!(matches!(error, StoreError::Spill(_)), "{error}");
    assert_eq!(world.count("select count(*) from vms").await, 0);
    // Neither is a plan that failed before it was made.
    let room = Arc::new(Room { gone: true.into(), ..Room::default() });
    let plan = world.plan_pages(pages(&world, 1), &world.complete(), room, 8_000).await;
    let error = world.save(plan, &world.complete()).await.unwrap_err();
    assert!(matches!(error, StoreError::Spill(_)), "{error}");
    // The connection is fit for the next.
    assert_eq!(world.refresh_pages(pages(&world, 1)).await.written.inserted, 620);
}
