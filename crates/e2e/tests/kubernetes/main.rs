//! The chart on a real cluster: installed from its profiles, called, restarted, upgraded and drained under load, isolated,
//! taken back and taken away. `make test-kubernetes` makes the cluster, the images and the variables these cases ask for.

mod cluster;
mod development;
mod isolation;
mod load;
mod production;
