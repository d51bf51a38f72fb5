#pragma once

#include "tests/live/client.hpp"
#include "tests/live/ports.hpp"
#include "tests/live/process.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace live {

// Goloman alone, with keys of its own and a port for clients that speak TLS, as a process on
// loopback.
class SealedServer {
public:
    struct Setup {
        std::string limits = {};                    // members of "limits"
        std::string more = {};                      // further members, each with a comma before it
        std::vector<std::string> environment = {};  // of the server: NAME=VALUE
    };

    // It accepts clients when this returns.
    SealedServer() : SealedServer(Setup{}) {}
    explicit SealedServer(const Setup& setup);

    std::uint16_t port() const { return ports_[0]; }
    std::uint16_t tls_port() const { return ports_[1]; }
    std::uint16_t peer_port() const { return ports_[2]; }
    std::string keys() const { return folder_ / "keys"; }
    std::string authority() const { return folder_ / "keys/ca.crt"; }
    std::filesystem::path file(const std::string& name) const { return folder_ / name; }
    std::string log() const { return read_file(folder_ / "log/Goloman.log"); }
    Process& process() { return *process_; }
    // What `herd status` prints of it.
    std::string status() const;
    // One of its counters, as `herd status --json` shows it.
    std::uint64_t counter(const std::string& name) const;
    // Of the process, in KiB.
    std::uint64_t resident() const;

private:
    TemporaryFolder folder_;
    std::vector<std::uint16_t> ports_ = take_ports(3);
    std::string config_;
    std::optional<Process> process_;
};

}  // namespace live
