#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace live {

// Ports on loopback that nobody has, and that nobody else takes in this way while this process
// lives: neither another test of this suite, which runs beside it, nor this one again. They are
// outside the ranges of outgoing connections, of the built-in herd and of the benchmark's suite.
// Throws when there are not as many.
std::vector<std::uint16_t> take_ports(std::size_t count);

}  // namespace live
