//! Mutual dependency measures and their neural critics, for any [Burn](burn) backend.
//!
//! How dependent are N random variables? The measures here compare their joint law with the product of their marginals:
//! the total correlation (for two variables: the mutual information), f-divergences, the Wasserstein distance. Each is
//! the supremum, over functions T, of an expression in T's values on samples of the two laws. A small network, the
//! critic T_θ, takes the place of T and is trained to raise it. The value then serves as an estimate, or as a term of
//! a loss: an encoder of several modalities that *maximises* it learns representations in which the modalities tell
//! about each other (Colombo et al., "Improving Multimodal fusion via Mutual Dependency Maximisation", EMNLP 2021).
//!
//! # What is here
//!
//! - [`measure`]: the measures, pure functions of two vectors of scores.
//! - [`Critic`]: the paper's statistics network, of any depth; [`SeparableCritic`] and [`BilinearCritic`] score all
//!   pairs of two variables.
//! - [`product_permutations`]: samples of the product of the marginals from a batch.
//! - [`Lipschitz`]: constraints for the Wasserstein critic.
//! - [`DependencyObjective`]: all of them together, to be dropped into a training loop.
//! - [`estimate`]: an estimator with error bars, for samples on the host.
//! - [`ground_truth`]: laws whose dependence is known, to test all of it with.
//!
//! The text below goes from two tensors to a loss and to an estimate, and then through what can go wrong. Each example
//! is a test of this crate.
//!
//! # Two tensors
//!
//! Given are samples of two variables, row by row: sample i of one belongs to sample i of the other. They are samples
//! of the *joint* law. Samples of the *product of the marginals*, in which the variables do not know of each other,
//! come for free: leave the first in place and take the second from another sample. A critic scores both, and a measure
//! makes a number of the scores.
//!
//! For two normal variables the best critic is known. With it the Donsker–Varadhan bound is the mutual information,
//! `−½ ln(1 − ρ²)`, up to the noise of the samples; a worse critic gives less:
//!
//! ```
//! use burn::tensor::{Device, Int, Tensor};
//! use mdm_core::ground_truth::{Gaussian, Task};
//! use mdm_core::measure::donsker_varadhan;
//! use mdm_core::{Shuffle, product_permutations, seed};
//!
//! # fn main() -> Result<(), mdm_core::Error> {
//! let (n, rho, device) = (4000, 0.8, Device::flex());
//! let task = Task::new("pair", Gaussian::componentwise(1, rho)?);
//! let samples = task.sample(n, &mut seed::stream(0, "samples", 0));
//! let x = Tensor::<1>::from_floats(samples[0].as_slice(), &device);
//! let y = Tensor::<1>::from_floats(samples[1].as_slice(), &device);
//!
//! // The product of the marginals: each x with the y of another sample.
//! let rows = product_permutations(2, n, Shuffle::Derangement, &mut seed::stream(0, "product", 0))?;
//! let rows: Vec<i64> = rows[1].iter().map(|&row| row as i64).collect();
//! let y_product = y.clone().select(0, Tensor::<1, Int>::from_data(rows.as_slice(), &device));
//!
//! let measure = |rho: f64| -> f64 {
//!     // ln p(x, y) − ln p(x) p(y), up to a constant
//!     let critic = |x: Tensor<1>, y: Tensor<1>| {
//!         let squares = x.clone().square() + y.clone().square();
//!         (x * y * rho - squares * (0.5 * rho * rho)) / (1.0 - rho * rho)
//!     };
//!     let scores_joint = critic(x.clone(), y.clone());
//!     let scores_product = critic(x.clone(), y_product.clone());
//!     f64::from(donsker_varadhan(scores_joint, scores_product).into_scalar::<f32>())
//! };
//! assert!((task.truth() - 0.5108).abs() < 1e-4);
//! assert!((measure(rho) - task.truth()).abs() < 0.05);
//! assert!(measure(0.4) < measure(rho) - 0.1);
//! # Ok(())
//! # }
//! ```
//!
//! Most laws do not tell their best critic. It is then a network, and what is left to choose is the measure, the critic
//! and who trains it.
//!
//! # Which measure?
//!
//! All are larger for more dependence and 0 for none, at their best critic. A name is what
//! [`DependencyMeasure`] reads, as in `"smile:1".parse()`.
//!
//! | name | estimates | range at the best critic | when to use |
//! |---|---|---|---|
//! | `kl` | total correlation, in nats | from 0; noise grows like `exp(value)` | the default |
//! | `mine` | the same | the same | small batches: the critic's gradient has less bias |
//! | `smile` | the same, clipped | from 0; biased by the clip τ | large values: less noise for some bias |
//! | `info-nce` | the same | 0 to `ln(k + 1)` for k product samples | contrastive learning: little noise, hard limit |
//! | `f` | the same (the paper's equation 7) | as `kl`, and never above it | unbiased over batches |
//! | `f-jensen-shannon` | twice the Jensen–Shannon divergence, in nats | 0 to `2 ln 2` | a loss that must be stable |
//! | `f-reverse-kl` | Kullback–Leibler with its arguments exchanged, in nats | from 0 | what the joint law avoids counts most |
//! | `f-pearson-chi2` | Pearson's χ² | from 0; grows like `exp` of the total correlation | weak dependence |
//! | `f-squared-hellinger` | squared Hellinger distance | 0 to 2 | bounded; its root is a metric |
//! | `f-total-variation` | total variation | 0 to 1 | bounded: a difference of probabilities; gradients vanish early |
//! | `wasserstein` | Wasserstein-1, in units of the critic's input | from 0 | laws without common support; needs [`Lipschitz`] |
//! | `wasserstein-paper-literal` | nothing (equation 8 as printed) | unbounded | reproduction only |
//!
//! Two rules of thumb. For a *number* with a meaning take `kl` through the [`Estimator`](estimate::Estimator). For a
//! *loss* the number matters little and the gradient a lot: `f-jensen-shannon`, or `info-nce` with a matrix of all
//! pairs, are steady where `kl` jumps.
//!
//! ```
//! use mdm_core::DependencyMeasure;
//!
//! let measure: DependencyMeasure = "f-jensen-shannon".parse().unwrap();
//! assert!(DependencyMeasure::ALL.contains(&measure));
//! // An unknown name is an error that lists the known ones.
//! let error = "mutual-information".parse::<DependencyMeasure>().unwrap_err();
//! assert!(error.to_string().contains("f-jensen-shannon"));
//! ```
//!
//! # A penalty in my training loop
//!
//! [`DependencyObjective`] holds a critic with an optimiser of its own. The loop alternates: some steps of the critic
//! on representations without a graph ([`update_critic`](DependencyObjective::update_critic)), then one step of the
//! model on `task loss − λ · penalty` ([`penalty`](DependencyObjective::penalty)), with the critic frozen.
//!
//! The encoder needs one property: what it does to each view alone must be apart from what mixes them, so that a batch
//! of the product can be made in between. Here it is a linear layer for each view, too narrow for all of it, and a
//! concatenation. The target is a part of x that y knows nothing of; without the penalty nothing asks for what they
//! share.
//!
//! ```
//! use burn::module::Module;
//! use burn::nn::Linear;
//! use burn::optim::{AdamWConfig, GradientsParams};
//! use burn::tensor::{Device, Int, Tensor};
//! use mdm_core::{
//!     CriticConfig, CriticOutput, DependencyMeasure, DependencyObjectiveConfig, FDivergence, Shuffle, init,
//!     product_permutations, seed,
//! };
//!
//! #[derive(Module, Debug)]
//! struct Model {
//!     x: Linear,
//!     y: Linear,
//!     head: Linear,
//! }
//!
//! impl Model {
//!     /// Z of each row, with y taken from the sample in `rows`.
//!     fn encode(&self, x: Tensor<2>, y: Tensor<2>, rows: &[usize]) -> Tensor<2> {
//!         let rows: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
//!         let rows = Tensor::<1, Int>::from_data(rows.as_slice(), &y.device());
//!         let (view_x, view_y) = (self.x.forward(x), self.y.forward(y));
//!         Tensor::cat(vec![view_x, view_y.select(0, rows)], 1)
//!     }
//! }
//!
//! /// Stands for your data: two views with one column in common, and a target that only x knows.
//! fn batch(step: u64, device: &Device) -> (Tensor<2>, Tensor<2>, Tensor<1>) {
//!     let mut rng = seed::stream(0, "data", step);
//!     let mut uniform = |columns| init::uniform([64, columns], 1.7, &mut rng, device).val().detach();
//!     let (shared, x_alone, y_alone) = (uniform(1), uniform(3), uniform(3));
//!     let target = x_alone.clone().narrow(1, 0, 1).squeeze_dim::<1>(1);
//!     (Tensor::cat(vec![shared.clone(), x_alone], 1), Tensor::cat(vec![y_alone, shared], 1), target)
//! }
//!
//! /// Trains with this weight; gives the task loss and the dependence at the end.
//! fn train(lambda: f64) -> Result<(f32, f32), mdm_core::Error> {
//!     let device = Device::flex();
//!     let autodiff = device.clone().autodiff();
//!     let mut rng = seed::stream(0, "model", 0);
//!     let mut model = Model {
//!         x: init::linear(4, 2, &mut rng, &autodiff),
//!         y: init::linear(4, 2, &mut rng, &autodiff),
//!         head: init::linear(4, 1, &mut rng, &autodiff),
//!     };
//!     let mut optimizer = AdamWConfig::new().init();
//!     let measure = DependencyMeasure::FDivergence(FDivergence::JensenShannon);
//!     // Smaller than the paper's critic, without its dropout and its sigmoid.
//!     let critic = CriticConfig::new(4)
//!         .with_hidden(vec![32, 32])
//!         .with_dropout(0.0)
//!         .with_output(CriticOutput::Identity);
//!     let config = DependencyObjectiveConfig::new(measure, 4)
//!         .with_critic(critic)
//!         .with_learning_rate(5e-3);
//!     let mut objective = config.init(seed::stream(0, "critic", 0), &autodiff)?;
//!     let mut product = seed::stream(0, "product", 0);
//!
//!     let (mut task, mut dependence) = (f32::NAN, f32::NAN);
//!     for step in 0..150 {
//!         // The critic ascends on representations without a graph, each time on a fresh batch.
//!         let encoder = model.valid();
//!         for unroll in 0..3 {
//!             let (x, y, _) = batch(4 * step + unroll, &device);
//!             let rows = product_permutations(2, 64, Shuffle::Derangement, &mut product)?;
//!             let z_joint = encoder.encode(x.clone(), y.clone(), &rows[0]);
//!             let z_product = encoder.encode(x, y, &rows[1]);
//!             objective.update_critic(z_joint, z_product);
//!         }
//!         // Then one step of the model; the gradient flows through both representations.
//!         let (x, y, target) = batch(4 * step + 3, &device);
//!         let rows = product_permutations(2, 64, Shuffle::Derangement, &mut product)?;
//!         let z_joint = model.encode(x.clone(), y.clone(), &rows[0]);
//!         let z_product = model.encode(x, y, &rows[1]);
//!         let prediction = model.head.forward(z_joint.clone()).squeeze_dim::<1>(1);
//!         let task_loss = (prediction - target).abs().mean();
//!         let penalty = objective.penalty(z_joint, z_product);
//!         let loss = task_loss.clone() - penalty.clone() * lambda;
//!         let gradients = GradientsParams::from_grads(loss.backward(), &model);
//!         model = optimizer.step(1e-2, model, gradients);
//!         (task, dependence) = (task_loss.into_scalar(), penalty.into_scalar());
//!     }
//!     Ok((task, dependence))
//! }
//!
//! # fn main() -> Result<(), mdm_core::Error> {
//! let (task, dependence) = train(1.0)?;
//! let (_, without) = train(0.0)?;
//! assert!(dependence > without + 0.3, "{dependence} {without}");
//! // The target is learnt as well: its mean magnitude is 0.85.
//! assert!(task < 0.3, "{task}");
//! # Ok(())
//! # }
//! ```
//!
//! `product_permutations` leaves the first variable in place, so `rows[0]` is the identity. Reading a value such as
//! `into_scalar` waits for the device; a loop that reads it every few steps is faster on a GPU.
//!
//! For more than two variables only the lists grow: one encoder and one permutation each.
//!
//! # An estimate with error bars
//!
//! To *measure* dependence, hand the samples to an [`Estimator`](estimate::Estimator). It trains critics on parts of
//! them, scores each sample with a critic that has not seen it, and gives the value with a 95 % interval, curves and
//! warnings. [`ground_truth`] says what should come out:
//!
//! ```
//! use burn::tensor::Device;
//! use mdm_core::estimate::{Estimator, EstimatorConfig, Samples, Variable};
//! use mdm_core::ground_truth::{Gaussian, Map, Task};
//! use mdm_core::seed;
//!
//! # fn main() -> Result<(), mdm_core::Error> {
//! // Two variables of two columns each; y³ tells as much about x as y does.
//! let task = Task::new("pair", Gaussian::componentwise(2, 0.7)?);
//! let task = task.mapped("cubic", &[Map::Identity, Map::Cube])?;
//! let samples = task.sample(1500, &mut seed::stream(0, "samples", 0));
//! let samples = Samples::new(vec![
//!     Variable::new("x", 2, samples[0].clone())?,
//!     Variable::new("y", 2, samples[1].clone())?,
//! ])?;
//!
//! // Fewer folds and steps than by default, to be done in a second.
//! let config = EstimatorConfig { folds: 3, max_steps: 100, ..EstimatorConfig::default() };
//! let estimate = Estimator::new(config, &Device::flex().autodiff())?.fit(&samples)?;
//!
//! let [low, high] = estimate.ci95;
//! println!("{:.2} nats, between {low:.2} and {high:.2}; in truth {:.2}", estimate.value, task.truth());
//! assert!((estimate.value - task.truth()).abs() < 0.1);
//! assert!(low < task.truth() && task.truth() < high);
//! # Ok(())
//! # }
//! ```
//!
//! [`Variable::from_tensor`](estimate::Variable::from_tensor) takes a tensor `[n, columns]`, such as a learnt
//! representation. The interval covers the noise of the samples. It does not cover what the critic fails to learn: of a
//! lower bound, the truth may lie above the interval.
//!
//! # Choosing a critic
//!
//! | critic | scores | when to use |
//! |---|---|---|
//! | [`Critic`] | one representation Z, from any number of variables | [`DependencyObjective`]; the default of the estimator |
//! | [`SeparableCritic`] | `g(x)ᵀ h(y)`, all n² pairs for n evaluations | InfoNCE on large batches |
//! | [`BilinearCritic`] | `xᵀ W y` | representations that are learnt already; linear dependence only |
//!
//! [`CriticConfig::new`] is the network of the paper, six layers with dropout and a *sigmoid* at the end. The sigmoid
//! makes training stable and the value a score that saturates (see [below](#when-not-to-trust-the-value)). For numbers
//! take [`CriticOutput::Identity`], no dropout, and as many hidden units as the samples bear.
//!
//! A critic is a Burn module: put it into a module of yours, or train it alone. Here y is x² with noise, which has no
//! linear correlation with x. The bilinear critic sees nothing, the separable one does:
//!
//! ```
//! use burn::module::Module;
//! use burn::optim::{AdamWConfig, GradientsParams};
//! use burn::tensor::{Device, Tensor};
//! use mdm_core::measure::info_nce;
//! use mdm_core::{BilinearCritic, BilinearCriticConfig, SeparableCritic, SeparableCriticConfig, init, seed};
//!
//! fn trained<M: Module>(mut critic: M, scores: fn(&M, Tensor<2>, Tensor<2>) -> Tensor<2>, device: &Device) -> f32 {
//!     let batch = |n, step| {
//!         let mut rng = seed::stream(0, "data", step);
//!         let x = init::uniform([n, 1], 1.7, &mut rng, device).val().detach();
//!         let noise = init::uniform([n, 1], 0.2, &mut rng, device).val().detach();
//!         (x.clone(), x.square() - 1.0 + noise)
//!     };
//!     let mut optimizer = AdamWConfig::new().init();
//!     for step in 0..150 {
//!         let (x, y) = batch(64, step);
//!         let gradients = info_nce(scores(&critic, x, y)).neg().backward();
//!         let gradients = GradientsParams::from_grads(gradients, &critic);
//!         critic = optimizer.step(1e-2, critic, gradients);
//!     }
//!     let (x, y) = batch(512, 1000);
//!     info_nce(scores(&critic, x, y)).into_scalar()
//! }
//!
//! # fn main() -> Result<(), mdm_core::Error> {
//! let device = Device::flex().autodiff();
//! let mut rng = seed::stream(0, "critic", 0);
//! let bilinear = BilinearCriticConfig::new(1, 1).init(&mut rng, &device)?;
//! let separable = SeparableCriticConfig::new(1, 1).with_hidden(vec![32]).init(&mut rng, &device)?;
//! let bilinear = trained(bilinear, BilinearCritic::score_matrix, &device);
//! let separable = trained(separable, SeparableCritic::score_matrix, &device);
//! assert!(bilinear < 0.1 && separable > 0.7, "{bilinear} {separable}");
//! # Ok(())
//! # }
//! ```
//!
//! # Lipschitz control
//!
//! The Wasserstein distance is the supremum over 1-Lipschitz critics; over all critics it is infinite. [`Lipschitz`]
//! names the ways to that constraint: [`SpectralNorm`](Lipschitz::SpectralNorm) (at most 1, the safe choice),
//! [`GradientPenalty`](Lipschitz::GradientPenalty) (about 1, more expressive) and
//! [`WeightClipping`](Lipschitz::WeightClipping) (some constant, not 1). A constrained critic is trained without
//! dropout, which would multiply the constant. The other measures need no constraint.
//!
//! Two clouds of points, 2 apart:
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use mdm_core::{CriticConfig, CriticOutput, DependencyMeasure, DependencyObjectiveConfig, Lipschitz, init, seed};
//!
//! let device = Device::flex().autodiff();
//! let distance = |lipschitz| -> f32 {
//!     let critic = CriticConfig::new(2).with_hidden(vec![16]).with_output(CriticOutput::Identity);
//!     let config = DependencyObjectiveConfig::new(DependencyMeasure::Wasserstein, 2)
//!         .with_critic(critic.with_dropout(0.0))
//!         .with_lipschitz(lipschitz)
//!         .with_learning_rate(1e-2);
//!     let mut objective = config.init(seed::stream(0, "critic", 0), &device).unwrap();
//!     let mut rng = seed::stream(0, "clouds", 0);
//!     let mut cloud = || init::uniform([256, 2], 0.5, &mut rng, &device).val().detach();
//!     for _ in 0..200 {
//!         objective.update_critic(cloud() + 2.0 / 2_f64.sqrt(), cloud());
//!     }
//!     objective.penalty(cloud() + 2.0 / 2_f64.sqrt(), cloud()).into_scalar()
//! };
//! assert!((distance(Lipschitz::SpectralNorm { iterations: 1 }) - 2.0).abs() < 0.1);
//! assert!(distance(Lipschitz::None) > 10.0);
//! ```
//!
//! # When not to trust the value
//!
//! *The logarithm of the number of samples.* A joint sample that is told apart from k others for certain proves `ln(k +
//! 1)` nats and no more. InfoNCE cannot pass it; Donsker–Varadhan can, with a value that is then noise.
//!
//! *The sigmoid's ceiling.* Scores in (0, 1) bound `kl` and `wasserstein` by 1 and `f` by `1 − 1/e`, whatever the
//! dependence.
//!
//! *A batch of 1.* Its product of the marginals has no sample. [`product_permutations`] says so; leave the batch out.
//!
//! *The variance of Donsker–Varadhan and NWJ.* The mean of `exp(scores_product)` rests on a few samples that score
//! high, and for large dependence on samples that the batch does not hold. Even the best critic then gives a value far
//! off, and mostly too high. Jensen–Shannon and InfoNCE are bounded and stay calm, at the price of a ceiling.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use mdm_core::measure::{donsker_varadhan, info_nce};
//! use mdm_core::{Error, Shuffle, product_permutations, seed};
//!
//! let device = Device::flex();
//! // Eight pairs, told apart beyond doubt: ln 8 is all that they can show.
//! let scores = Tensor::<2>::eye(8, &device) * 100.0;
//! assert!((info_nce(scores).into_scalar::<f32>() - 8f32.ln()).abs() < 1e-4);
//!
//! // Scores of a sigmoid.
//! let (best, worst) = (Tensor::<1>::ones([8], &device), Tensor::<1>::zeros([8], &device));
//! assert_eq!(donsker_varadhan(best, worst).into_scalar::<f32>(), 1.0);
//!
//! let alone = product_permutations(2, 1, Shuffle::Derangement, &mut seed::stream(0, "product", 0));
//! assert!(matches!(alone, Err(Error::TooFewSamples { needed: 2, found: 1, .. })));
//! ```
//!
//! Ten nats in twenty dimensions, a thousand samples, and the best critic that there is:
//!
//! ```
//! use burn::tensor::{Device, Tensor, TensorData};
//! use mdm_core::ground_truth::{Gaussian, Task, rho_for};
//! use mdm_core::measure::{donsker_varadhan, jensen_shannon};
//! use mdm_core::seed;
//!
//! # fn main() -> Result<(), mdm_core::Error> {
//! let (n, dim, device) = (1000, 20, Device::flex());
//! let rho = rho_for(10.0, dim)?;
//! let task = Task::new("pair", Gaussian::componentwise(dim, rho)?);
//! let draw = |name| {
//!     let samples = task.sample(n, &mut seed::stream(0, name, 0));
//!     samples.into_iter().map(|values| Tensor::<2>::from_data(TensorData::new(values, [n, dim]), &device))
//! };
//! let log_ratio = |x: Tensor<2>, y: Tensor<2>| {
//!     let squares = x.clone().square() + y.clone().square();
//!     let form = (x * y * rho - squares * (0.5 * rho * rho)) / (1.0 - rho * rho);
//!     form.sum_dim(1).squeeze_dim::<1>(1) + task.truth()
//! };
//! let joint: Vec<_> = draw("joint").collect();
//! let others: Vec<_> = draw("others").collect();
//! let scores_joint = log_ratio(joint[0].clone(), joint[1].clone());
//! let scores_product = log_ratio(joint[0].clone(), others[1].clone());
//!
//! let dv: f32 = donsker_varadhan(scores_joint.clone(), scores_product.clone()).into_scalar();
//! assert!(dv > 11.0, "{dv}");
//! let js: f32 = jensen_shannon(scores_joint, scores_product).into_scalar();
//! assert!(js <= 2.0 * 2f32.ln() + 1e-6);
//! # Ok(())
//! # }
//! ```
//!
//! The estimator watches for all of these. Its [warnings](estimate::Warning), and what to do:
//!
//! | warning | meaning | what to do |
//! |---|---|---|
//! | `NeverStopped`, `StillRising` | training ended before the critic had learnt | more `max_steps` |
//! | `NearLogarithmicLimit` | the value is within a nat of what so many samples can show | read it as "at least", or get more samples |
//! | `FewEffectiveProducts` | a few product samples decide: noisy, probably too high | `smile`, more samples, fewer columns |
//! | `SigmoidCeiling` | the critic ends in a sigmoid: a score, not an estimate | [`CriticOutput::Identity`] |
//! | `ConstantColumn` | a column says nothing | look at the data |
//!
//! ```
//! use burn::tensor::Device;
//! use mdm_core::estimate::{Estimator, EstimatorConfig, Samples, Variable, Warning};
//! use mdm_core::{CriticOutput, seed};
//! use rand::RngExt;
//!
//! # fn main() -> Result<(), mdm_core::Error> {
//! let mut rng = seed::stream(0, "samples", 0);
//! let x: Vec<f32> = (0..200).map(|_| rng.random()).collect();
//! let samples = Samples::new(vec![Variable::new("x", 1, x.clone())?, Variable::new("y", 1, x)?])?;
//! let config = EstimatorConfig {
//!     output: CriticOutput::Sigmoid,
//!     folds: 2,
//!     max_steps: 50,
//!     ..EstimatorConfig::default()
//! };
//! // y is x: infinitely many nats, of which a sigmoid shows less than 1.
//! let estimate = Estimator::new(config, &Device::flex().autodiff())?.fit(&samples)?;
//! assert!(estimate.value < 1.0);
//! assert!(estimate.warnings.contains(&Warning::SigmoidCeiling { ceiling: 1.0 }));
//! # Ok(())
//! # }
//! ```
//!
//! # Backends and features
//!
//! In Burn 0.22 a [`Device`](burn::tensor::Device) carries the backend, so nothing here has a backend type parameter:
//! tensors and modules follow the device of their input. What trains (an objective, an estimator) wants a device with
//! autodiff, `Device::flex().autodiff()`. The features are Burn's backends under Burn's names, one to one. None is on
//! by default: a library leaves that choice to the program.
//!
//! | feature | backend |
//! |---|---|
//! | `flex` | pure Rust, CPU; what the tests run on |
//! | `ndarray` | CPU, on the crate `ndarray`; deprecated in Burn, gone in 0.23 |
//! | `wgpu` | GPU through wgpu, WGSL shaders; on Linux, a Vulkan driver |
//! | `vulkan` | GPU through wgpu, SPIR-V shaders |
//! | `metal` | GPU of a Mac, through wgpu |
//! | `tch` | libtorch, CPU or CUDA; needs libtorch 2.9 in `LIBTORCH`; deprecated in Burn, gone in 0.23 |
//! | `cuda` | NVIDIA GPU; needs driver and CUDA toolkit |
//! | `x86-v4` | no backend: AVX-512 on `flex`, where the processor has it |
//!
//! A program that depends on Burn itself can as well name the backends there. It must take the same Burn, `=0.22.1`,
//! which this crate gives out as [`burn`]. On `flex`, though, the critic and [`AdamW`] run by kernels only where the feature is
//! named here: the results are the same, but a small critic takes several times as long in a graph of many small operations.
//!
//! # Minimum Rust version
//!
//! Rust 1.95, edition 2024: what Burn 0.22.1 asks for. It rises in minor versions only, never in a patch.
//!
//! # Randomness
//!
//! Weights, dropout masks and permutations are drawn on the host from generators that the caller passes in
//! ([`seed::stream`]), never from the device. So a seed means the same run on every backend, up to rounding; and since
//! a stream is made of a seed, a name and a number, a run that goes on from step 1000 needs no generator to be saved:
//!
//! ```
//! use mdm_core::{Shuffle, product_permutations, seed};
//!
//! let permutations = |run, step| {
//!     product_permutations(2, 32, Shuffle::Derangement, &mut seed::stream(run, "product", step)).unwrap()
//! };
//! assert_eq!(permutations(7, 1000), permutations(7, 1000));
//! assert_ne!(permutations(7, 1000), permutations(7, 1001));
//! assert_ne!(permutations(7, 1000), permutations(8, 1000));
//! ```

#![warn(missing_docs)]

mod adamw;
pub mod critic;
mod error;
pub mod estimate;
#[cfg(feature = "flex")]
mod flex;
pub mod ground_truth;
pub mod init;
mod linalg;
pub mod lipschitz;
pub mod measure;
mod normal;
pub mod numerics;
pub mod objective;
pub mod product;
pub mod seed;
pub mod stochastic;

pub use burn;

pub use adamw::AdamW;
pub use critic::{
    BilinearCritic, BilinearCriticConfig, Critic, CriticConfig, CriticOutput, SeparableCritic,
    SeparableCriticConfig,
};
pub use error::Error;
pub use lipschitz::Lipschitz;
pub use measure::{DependencyMeasure, FDivergence};
pub use objective::{DependencyObjective, DependencyObjectiveConfig};
pub use product::{Shuffle, join_permutations, product_permutations};
pub use stochastic::Mode;

/// The examples of the README, tested with those of this crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
