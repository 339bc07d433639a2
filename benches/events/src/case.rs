//! What is measured, and its table.

use stocktake_bench_common::Cost;

/// So many handlers, and so many events in each stored batch.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub handlers: usize,
    pub batch: usize,
    /// In all.
    pub events: usize,
}

pub fn all(scale: f64) -> Vec<Case> {
    let case = |(handlers, batch, events): (usize, usize, usize)| {
        let round = handlers * batch;
        Case { handlers, batch, events: ((events as f64 * scale) as usize).div_ceil(round) * round }
    };
    [(1, 1, 2_000), (2, 1, 4_000), (1, 50, 20_000), (2, 50, 20_000), (1, 500, 40_000), (2, 500, 40_000)].map(case).to_vec()
}

#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Writing the batches; ours with their jobs.
    pub catch: Cost,
    /// From the batches to the stream; the floor only inserts its rows.
    pub handle: Cost,
}

impl Measured {
    /// The run with the middle processor time.
    pub fn middle(mut all: Vec<Self>) -> Self {
        all.sort_by(|a, b| a.handle.cpu().total_cmp(&b.handle.cpu()));
        all[all.len() / 2]
    }
}

pub fn print(title: &str, lines: &[(Case, Measured, Measured)]) {
    println!("### {title}\n");
    println!(
        "| handlers | batch | | events /s | CPU µs an event | of that server | batch rows: events /s | CPU µs an event | \
         floor's CPU by ours | floor's time by ours |"
    );
    println!("| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (case, ours, floor) in lines {
        let events = case.events as f64;
        let line = |name: &str, m: &Measured, beside: String| {
            println!(
                "| {} | {} | {name} | {:.0} | {:.1} | {:.1} | {:.0} | {:.1} | {beside} |",
                case.handlers,
                case.batch,
                events / m.handle.wall.as_secs_f64(),
                m.handle.cpu() * 1e6 / events,
                m.handle.server.as_secs_f64() * 1e6 / events,
                events / m.catch.wall.as_secs_f64(),
                m.catch.cpu() * 1e6 / events,
            );
        };
        let wall = floor.handle.wall.as_secs_f64() / ours.handle.wall.as_secs_f64();
        line("**stored and routed**", ours, format!("**{:.2}** | {wall:.2}", floor.handle.cpu() / ours.handle.cpu()));
        line("bare inserts", floor, " | ".to_owned());
    }
    println!();
}
