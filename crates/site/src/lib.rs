//! A folder of HCL → fragments → merged → validated [`Site`].

mod site;
pub use site::*;
