#pragma once

#include "herd/config/config.hpp"
#include "herd/outcome.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace herd::keys {

inline constexpr std::uint32_t days_usual = 3'650;
inline constexpr std::uint32_t days_max = 36'500;

// Makes what a herd still lacks in that folder, which is made where it is missing: an authority of
// its own, and for each server, but for old ones, and for an operator a key and a certificate that
// the authority has signed, good for so many days, but never longer than the authority's. A
// certificate counts as lacking when its file is not there; a key that is there is used again.
// What is there is never replaced, not even in a race with another that does the same.
//
// The paths of new files are added to `made` one by one, so they are right when this fails
// half-way, too; it goes on from there when it is called again.
Outcome<> make(const config::Config& config,
               const std::string& folder,
               std::uint32_t days,
               std::vector<std::string>& made);

// The keys, by the names of their files, that are not in that folder though their certificates are:
// make() takes them to be on their machines. The authority's is not meant.
std::vector<std::string> keys_elsewhere(const config::Config& config, const std::string& folder);

}  // namespace herd::keys
