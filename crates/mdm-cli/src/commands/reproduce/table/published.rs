//! The figures of the paper, to stand beside a table as what they are: published, not ours.

use mdm_models::Model;

/// Acc7, Acc2, MAE, Corr of none, kl, f and wasserstein.
type Figures = [[&'static str; 4]; 4];

const MEASURES: [&str; 4] = ["none", "kl", "f", "wasserstein"];

fn mosi(model: Model) -> Option<Figures> {
    Some(match model {
        Model::EfLstm => [
            ["31.1", "76.1", "1.00", "0.65"],
            ["31.7", "76.4", "1.00", "0.66"],
            ["33.7", "76.2", "1.02", "0.66"],
            ["33.5", "76.4", "0.98", "0.66"],
        ],
        Model::Mfn => [
            ["31.3", "76.6", "1.01", "0.62"],
            ["32.5", "76.7", "0.96", "0.65"],
            ["35.7", "77.4", "0.96", "0.65"],
            ["35.9", "77.6", "0.96", "0.65"],
        ],
        Model::Lfn => [
            ["31.9", "76.9", "1.00", "0.63"],
            ["32.6", "77.7", "0.97", "0.63"],
            ["35.6", "77.1", "0.97", "0.63"],
            ["35.6", "77.7", "0.96", "0.67"],
        ],
        Model::MagBert => [
            ["40.2", "84.7", "0.79", "0.80"],
            ["42.0", "85.6", "0.76", "0.82"],
            ["41.7", "85.6", "0.78", "0.82"],
            ["41.8", "85.3", "0.76", "0.82"],
        ],
        Model::MagXlnet => [
            ["43.0", "86.2", "0.76", "0.82"],
            ["44.5", "86.1", "0.74", "0.82"],
            ["43.9", "86.6", "0.74", "0.82"],
            ["44.4", "86.9", "0.74", "0.82"],
        ],
        _ => return None,
    })
}

fn mosei(model: Model) -> Option<Figures> {
    Some(match model {
        Model::EfLstm => [
            ["44.2", "75.0", "0.72", "0.52"],
            ["44.5", "75.6", "0.70", "0.53"],
            ["45.5", "75.2", "0.70", "0.52"],
            ["45.3", "75.9", "0.68", "0.54"],
        ],
        Model::Mfn => [
            ["44.4", "74.7", "0.72", "0.53"],
            ["44.2", "74.7", "0.72", "0.57"],
            ["46.1", "75.4", "0.69", "0.56"],
            ["46.2", "75.1", "0.69", "0.56"],
        ],
        Model::Lfn => [
            ["45.2", "74.2", "0.70", "0.54"],
            ["46.1", "75.3", "0.68", "0.57"],
            ["45.8", "75.4", "0.69", "0.57"],
            ["46.2", "75.4", "0.67", "0.57"],
        ],
        Model::MagBert => [
            ["46.8", "84.9", "0.59", "0.77"],
            ["47.1", "85.4", "0.59", "0.79"],
            ["46.9", "85.6", "0.59", "0.79"],
            ["47.8", "85.5", "0.59", "0.79"],
        ],
        Model::MagXlnet => [
            ["46.7", "84.4", "0.59", "0.79"],
            ["47.5", "85.4", "0.59", "0.81"],
            ["47.4", "85.0", "0.59", "0.81"],
            ["47.9", "85.8", "0.59", "0.82"],
        ],
        _ => return None,
    })
}

/// The paper's rows for these models, under a heading that says so; nothing for a corpus that it does not have.
pub fn markdown(dataset: &str, models: &[Model]) -> String {
    let figures: fn(Model) -> Option<Figures> = match dataset {
        name if name.starts_with("mosi") => mosi,
        name if name.starts_with("mosei") => mosei,
        _ => return String::new(),
    };
    let mut rows = String::new();
    for &model in models {
        for (measure, figures) in MEASURES.iter().zip(figures(model).iter().flatten()) {
            rows += &format!("| {model} | `{measure}` | {} |\n", figures.join(" | "));
        }
    }
    if rows.is_empty() {
        return rows;
    }
    format!(
        "\n## As published\n\nThe figures of the paper (tables 1 and 2), with other features and models than here. None of them was \
         measured with this program.\n\n| model | measure | Acc7 | Acc2 | MAE | Corr |\n|---|---|---|---|---|---|\n{rows}"
    )
}
