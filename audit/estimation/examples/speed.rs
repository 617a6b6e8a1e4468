//! CPU seconds of the main jobs on one thread, on the table named on the command line.
//!
//! `cargo run --release -p candour-estimation --example speed -- TABLE.csv`

#![expect(clippy::print_stdout, reason = "a program that prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "a program reads its file and the processor's clock")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on should stop")]

use candour_estimation::{
    BootstrapPlan, CaptureModel, GraphPlan, LatentPlan, ListTable, all_models, bootstrap, fit_capture,
    graph_average, latent_class, profile, stepwise,
};

/// CPU seconds of this thread, from the kernel's accounts.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// Mean CPU seconds of a job, run again until half a second is used: the kernel's accounts move in steps of milliseconds.
fn measure<T>(name: &str, mut job: impl FnMut() -> T) {
    let before = processor_seconds();
    let (mut used, mut runs) = (0.0, 0);
    while used < 0.5 {
        std::hint::black_box(job());
        runs += 1;
        used = processor_seconds() - before;
    }
    println!("{name:<60} {:>10.5} CPU s", used / f64::from(runs));
}

fn main() {
    let file = std::env::args().nth(1).unwrap_or_else(|| {
        println!("give the CSV file of a table");
        std::process::exit(2)
    });
    let table = ListTable::from_csv(&std::fs::read_to_string(file).unwrap()).unwrap().0;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
        let plan = BootstrapPlan { replicates: 1_000, ..BootstrapPlan::default() };
        measure("stepwise, one fit", || stepwise(&table, 0.02));
        measure("stepwise bootstrap, 1,000 replicates and jackknife", || bootstrap(&table, &plan));
        measure("ten closed-population models", || CaptureModel::ALL.map(|model| fit_capture(&table, model)));
        let models = all_models(&table, 2);
        if let Ok(models) = &models {
            let all = models.rows.len() + models.no_maximum + models.not_identifiable;
            measure(&format!("all {all} two-list models"), || all_models(&table, 2));
        }
        let fit = stepwise(&table, 0.02).unwrap().fit;
        measure("profile interval, one model", || profile(&table, &fit, 0.95));
        if graph_average(&table, &GraphPlan::default()).is_ok() {
            measure("average over decomposable graphs", || graph_average(&table, &GraphPlan::default()));
        }
        // Two chains are the least that may run; the figure is for one.
        let plan = LatentPlan {
            chains: 2,
            extensions: 0,
            largest_r_hat: f64::INFINITY,
            smallest_effective: 0.0,
            ..LatentPlan::default()
        };
        let before = processor_seconds();
        let _ = std::hint::black_box(latent_class(&table, &plan));
        let seconds = (processor_seconds() - before) / 2.0;
        println!("{:<60} {seconds:>10.4} CPU s", "latent classes, one chain of 120,000 updates");
    });
    let peak = std::fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", peak.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default());
}
