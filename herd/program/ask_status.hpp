#pragma once

#include "herd/config/config.hpp"
#include "herd/outcome.hpp"
#include "herd/program/status_table.hpp"
#include "herd/tls/dialler.hpp"

#include <vector>

// How servers are asked STATUS by a program that waits for their answers.
namespace herd::program {

// With what servers with keys want to be shown: the operator's certificate, or one of a server's.
Outcome<> open_dialler(tls::Dialler& dialler, const config::Config& config);

// All of these, which are no old servers, at the same time; answers in their order.
std::vector<StatusAnswer> ask_status(const config::Config& config,
                                     tls::Dialler& dialler,
                                     const std::vector<const config::Server*>& servers);

// All that can be asked.
std::vector<const config::Server*> askable(const config::Config& config);

}  // namespace herd::program
