//! The figures as tables one can paste into docs/performance.md.

use stocktake_bench_common::Cost;

pub struct Line {
    case: String,
    rows: usize,
    ours: Cost,
    floor: Option<(&'static str, Cost)>,
}

impl Line {
    pub fn new(case: impl Into<String>, rows: usize, ours: Cost) -> Self {
        Self { case: case.into(), rows, ours, floor: None }
    }

    pub fn beside(mut self, name: &'static str, floor: Cost) -> Self {
        self.floor = Some((name, floor));
        self
    }
}

pub struct Table {
    title: String,
    lines: Vec<Line>,
    targeted: Vec<String>,
}

impl Table {
    pub fn new(title: String) -> Self {
        Self { title, lines: Vec::new(), targeted: Vec::new() }
    }

    pub fn add(&mut self, line: Line) {
        self.lines.push(line);
    }

    pub fn targeted(&mut self, size: u32, rounds: u32, cost: Cost, p50: f64) {
        let per = |seconds: f64| seconds * 1e3 / f64::from(rounds);
        let (client, server) = (per(cost.client.as_secs_f64()), per(cost.server.as_secs_f64()));
        let each = f64::from(size);
        self.targeted.push(format!(
            "| targeted, {size} VM | {client:.2} | {server:.2} | {:.3} | {:.3} | {p50:.2} |",
            client / each,
            server / each
        ));
    }

    pub fn print(&self) {
        println!("### {}\n", self.title);
        println!(
            "| case | client s | server s | CPU s | per 1,000 rows ms | µs a row | WAL MB | +MiB client | beside | its CPU s | CPU ratio | wall ratio |"
        );
        println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: |");
        for line in &self.lines {
            let ours = &line.ours;
            let (client, server, cpu) = (ours.client.as_secs_f64(), ours.server.as_secs_f64(), ours.cpu());
            let rows = line.rows as f64;
            let (name, floor_cpu, ratio, wall) =
                line.floor.map_or((String::new(), String::new(), String::new(), String::new()), |(n, f)| {
                    let wall = ours.wall.as_secs_f64() / f.wall.as_secs_f64();
                    (n.to_owned(), format!("{:.3}", f.cpu()), format!("**{:.2}**", cpu / f.cpu()), format!("{wall:.2}"))
                });
            println!(
                "| {} | {client:.3} | {server:.3} | {cpu:.3} | {:.2} | {:.2} | {:.1} | {} | {name} | {floor_cpu} | {ratio} | {wall} |",
                line.case,
                cpu * 1e6 / rows,
                cpu * 1e6 / rows,
                ours.wal as f64 / 1e6,
                ours.memory,
            );
        }
        println!("\n| case | client ms | server ms | client ms a VM | server ms a VM | wall p50 ms |");
        println!("| --- | ---: | ---: | ---: | ---: | ---: |");
        self.targeted.iter().for_each(|line| println!("{line}"));
        println!();
    }
}

/// The run with the middle processor time.
pub fn median(costs: &[Cost]) -> Cost {
    let mut sorted = costs.to_vec();
    sorted.sort_by(|a, b| a.cpu().total_cmp(&b.cpu()));
    sorted[sorted.len() / 2]
}
