#pragma once

#include "herd/program/machine.hpp"

#include <string>
#include <vector>

namespace herd::program {

// What keeps a running server of this machine from starting again as it was started, or from doing
// all it is to then: the errors that `herd check` finds with its configuration, its folder for logs
// and its current folder, as they are now. Empty: nothing does, or it cannot be told from here. The
// current folder of this process is another meanwhile. May block.
std::vector<std::string> faults_of_next_start(const std::string& server, const Keeper& keeper);

}  // namespace herd::program
