//! Questions asked of trained networks. They change nothing in them, and know nothing of run folders or windows.

pub mod grad_cam;
pub mod lesion;
