//! Multimodal fusion encoders for [Burn](burn), each split at the same seam: [`FusionEncoder::views`] does the work of
//! each modality, [`FusionEncoder::fuse`] mixes them into the representation Z.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use mdm_core::{Mode, seed};
//! use mdm_models::{EfLstmConfig, FusionEncoder, Sequences, StepMask};
//!
//! let device = Device::flex();
//! let config = EfLstmConfig { hidden: 16 };
//! let encoder = config.init(&[8, 4, 4], &mut seed::stream(0, "init", 0), &device).unwrap();
//!
//! // Two utterances of 3 and 5 words: language, audio and vision, padded to 5 steps.
//! let batch = Sequences {
//!     modalities: [8, 4, 4].map(|dim| Tensor::ones([2, 5, dim], &device)).to_vec(),
//!     mask: StepMask::from_lengths(&[3, 5], 5),
//! };
//! let views = encoder.views(&batch, &mut Mode::Eval);
//! let z_joint = encoder.fuse(&views, &mut Mode::Eval);
//! // The same batch from the product of the marginals: audio and vision change partners.
//! let z_product = encoder.fuse(&views.permute(&[vec![0, 1], vec![1, 0], vec![1, 0]]), &mut Mode::Eval);
//! assert_eq!(z_joint.dims(), z_product.dims());
//! ```

#![warn(missing_docs)]

pub mod batch_norm;
pub mod bert;
pub mod ef_lstm;
mod error;
mod form;
pub mod fusion;
pub mod gate;
pub mod head;
mod inputs;
pub mod late_lstm;
pub mod lfn;
pub mod lstm;
pub mod mag_bert;
pub mod mag_xlnet;
pub mod mfn;
pub mod model;
pub mod pretrained;
mod rows;
pub mod sequences;
pub mod subnet;
pub mod tfn;
pub mod torch_names;
pub mod transformer;
pub mod xlnet;

pub use batch_norm::BatchNorm;
pub use bert::{Bert, BertConfig};
pub use ef_lstm::{EfLstm, EfLstmConfig};
pub use error::Error;
pub use form::Form;
pub use fusion::{FusionEncoder, Views};
pub use gate::{GateConfig, MultimodalAdaptationGate};
pub use head::Head;
pub use inputs::{Inputs, Language, Vocabulary};
pub use late_lstm::{LateLstm, LateLstmConfig};
pub use lfn::{Lfn, LfnConfig};
pub use lstm::{Lstm, LstmState};
pub use mag_bert::{BertZ, MagBert, MagBertConfig};
pub use mag_xlnet::{MagXlnet, MagXlnetConfig, XlnetZ};
pub use mfn::{Mfn, MfnConfig, TwoLayers, TwoLayersConfig};
pub use model::{Encoder, Model, ModelConfig};
pub use pretrained::{NamedTensors, PretrainedConfig};
pub use sequences::{Sequences, StepMask};
pub use tfn::{Tfn, TfnConfig};
pub use torch_names::{TorchForm, TorchNames, TorchVisitor};
pub use xlnet::{Xlnet, XlnetConfig};
