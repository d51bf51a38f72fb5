#pragma once

#include <CLI/CLI.hpp>

#include <span>
#include <string>

namespace herd {

// What may stand where somebody is typing, for the shells (packaging/completions), of which none
// knows a subcommand or an option itself. `words` are those behind "herd", the last one as far as
// it has been typed. Each line of the answer is a word, or a word, a tab and what it means;
// `:files` and `:folders` stand for the shell's own. Servers are those of the configuration that
// the words name; of one that cannot be read there are none.
std::string completion(const CLI::App& app, std::span<const std::string> words);

}  // namespace herd
