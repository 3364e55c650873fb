//! The names of all metrics and a row of their values.

/// Version of the definitions; rows of different versions are never compared.
pub const METRIC_VERSION: u32 = 1;

macro_rules! metrics {
    ($($variant:ident $name:literal $meaning:literal;)*) => {
        /// A column of `results.csv` that is measured on decoded data.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Metric {
            $(#[doc = $meaning] $variant,)*
        }

        impl Metric {
            /// Every metric, in column order.
            pub const ALL: &'static [Metric] = &[$(Metric::$variant),*];

            /// The column's name.
            pub const fn name(self) -> &'static str {
                match self { $(Metric::$variant => $name),* }
            }

            /// The definition in a line; e = y - x over elements finite in x, R the range of x.
            pub const fn meaning(self) -> &'static str {
                match self { $(Metric::$variant => $meaning),* }
            }
        }
    };
}

metrics! {
    MissingMismatch "missing_mismatch" "missing values that did not come back bit for bit";
    MaxAbsErr "max_abs_err" "max |e|, in the unit of the data";
    MaxAbsErrAt "max_abs_err_at" "flat index of the largest |e|";
    MeanAbsErr "mean_abs_err" "mean |e|";
    Bias "bias" "mean e";
    Rmse "rmse" "root mean square of e";
    Nrmse "nrmse" "rmse / R";
    PsnrRange "psnr_range" "20 log10(R / rmse), dB";
    PsnrPeak "psnr_peak" "20 log10(P / rmse), dB, with P = 2^b - 1; images and video only";
    MaxPointwiseRelErr "max_pointwise_rel_err" "max |e| / |x| where x is not 0; infinite when a 0 came back as something else";
    L1Rel "l1_rel" "sum |e| / sum |x|";
    L2Rel "l2_rel" "norm(e) / norm(x)";
    SnrDb "snr_db" "10 log10(var x / mse), dB";
    AccuracyGain "accuracy_gain" "log2(sigma / rmse) - bits per value";
    PearsonR "pearson_r" "correlation of x and y";
    OneMinusR2 "one_minus_r2" "1 - r^2, which keeps its digits";
    Ssim "ssim" "structural similarity (Wang 2004)";
    MsSsim "ms_ssim" "multi-scale structural similarity (Wang 2003)";
    Dssim "dssim" "data SSIM (Baker et al.), minimum over 2-D slices";
    Ks "ks" "largest distance between the distribution functions of x and y";
    Wasserstein "wasserstein" "integral of that distance, over R";
    ErrAutocorr1 "err_autocorr_1" "lag-1 autocorrelation of e, the largest over the axes";
    SpectralErr "spectral_err" "relative error of the radial power spectrum, largest below half Nyquist";
    GradNrmse "grad_nrmse" "nrmse of central differences over all axes";
    DensityErr "density_err" "VDF: relative error of the density";
    VelocityErr "velocity_err" "VDF: error of the bulk velocity per thermal speed";
    PressureErr "pressure_err" "VDF: relative error of the pressure tensor (Frobenius)";
    TemperatureErr "temperature_err" "VDF: relative error of the temperature";
    HeatFluxErr "heat_flux_err" "VDF: relative error of the heat flux";
    EntropyErr "entropy_err" "VDF: relative error of -sum f ln f";
    Log10Rmse "log10_rmse" "VDF: root mean square error of log10 f above the sparsity threshold";
    NegativeMass "negative_mass" "VDF: mass below zero over total";
    SupportErr "support_err" "VDF: share of cells that crossed the sparsity threshold";
    FlowEpe "flow_epe" "video: mean end-point error of the optical flow, pixels";
    FlowEpeP95 "flow_epe_p95" "video: 95th percentile of the end-point error, pixels";
    NotebookN "notebook_n" "cubic VDF: |sum x - sum y| over their mean, %, as the seed's notebook prints it";
    NotebookV "notebook_v" "cubic VDF: distance of the mean last index over their mean, %, as the seed's notebook prints it";
    NotebookPDiag "notebook_p_diag" "cubic VDF: diagonal of the notebook's broadcast pressure, %; not a pressure";
    NotebookPFrobenius "notebook_p_frobenius" "cubic VDF: all of the notebook's broadcast pressure, %; not a pressure";
    NotebookL1 "notebook_l1" "cubic VDF: sum |e| / sum |x|, as the seed's notebook prints it";
    NotebookL2 "notebook_l2" "cubic VDF: norm(e) / norm(y), over the RECONSTRUCTION's norm, as the seed's notebook prints it";
    VdfRatioMin "vdf_ratio_min" "stack: smallest ratio of one VDF compressed by itself";
    VdfRatioMax "vdf_ratio_max" "stack: largest ratio of one VDF compressed by itself";
    VdfRatioTotal "vdf_ratio_total" "stack: all bytes over all payload bytes, each VDF compressed by itself";
}

/// A value per metric; absent where it does not apply or was not measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Metrics {
    values: Vec<Option<f64>>,
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics { values: vec![None; Metric::ALL.len()] }
    }
}

impl Metrics {
    /// The value of a metric; `None` where it does not apply or was not measured.
    pub fn get(&self, metric: Metric) -> Option<f64> {
        self.values[metric as usize]
    }

    /// Sets a value. NaN stands for "undefined" and becomes an absence.
    pub fn set(&mut self, metric: Metric, value: f64) {
        self.values[metric as usize] = Some(value).filter(|value| !value.is_nan());
    }
    /// Sets a value unless a larger one stands there.
    pub(super) fn set_worst(&mut self, metric: Metric, value: f64) {
        if self.get(metric).is_none_or(|known| value > known) {
            self.set(metric, value);
        }
    }
}
