#pragma once

#include "herd/config/config.hpp"
#include "herd/outcome.hpp"
#include "herd/tls/context.hpp"

namespace herd::program {

// What a program on this machine shows to servers of a herd with keys: the operator's certificate,
// or, where there is none, that of a server of this machine. Says what is lacking.
Outcome<tls::Files> credentials(const config::Config& config);

}  // namespace herd::program
