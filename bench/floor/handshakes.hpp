#pragma once

#include <chrono>
#include <string>

namespace bench::floor {

// What handshakes cost the server's side of them, from SSL_new to SSL_free: within this process,
// with no socket in between.
class Handshakes {
public:
    // For so long each with pauses before its steps, as a server has that waits for its clients,
    // and without: after a sleep the same work takes a processor a third longer and more.
    Handshakes(const std::string& keys, const std::string& name, std::chrono::seconds time);

    // Of processor time, each.
    double ns() const { return ns_; }
    double ns_without_pauses() const { return ns_without_pauses_; }

private:
    double ns_;
    double ns_without_pauses_;
};

}  // namespace bench::floor
