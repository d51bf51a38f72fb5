#pragma once

#include "bench/session.hpp"
#include "bench/target.hpp"

#include <cstddef>
#include <cstdint>

namespace bench {

// Of a session, while settle() lasts.
inline constexpr std::uint32_t settle_connections = 16;

// Has that many clients report where a Population has them. Throws CannotMeasure when the server
// does not store them all.
void settle(Session& session, const Target& target, std::size_t server, std::uint32_t clients);

}  // namespace bench
