#pragma once

#include "reactor/handshakes.hpp"
#include "reactor/seal.hpp"

#include <cstdint>
#include <string_view>

namespace herd {

// Makes the seals of a server's connections, of the certificates that it shows and believes.
// A null one: there is no memory for it. Some of it is kept for servers.
class Sealer {
public:
    // Of a client, who shows nothing.
    virtual reactor::SealPtr accept_client() = 0;
    // Whether the next client finds room now.
    virtual bool has_room_for_client() const = 0;
    // Of another server, or an operator: whom it proves to be is asked when it says so.
    virtual reactor::SealPtr accept_peer() = 0;
    // To a server that must prove to be of this name.
    virtual reactor::SealPtr dial_peer(std::string_view name) = 0;

    // Until when the certificate that it shows is good, in seconds since 1970.
    virtual std::int64_t expires_s() const = 0;
    // How many seals it did not make, as there were as many as there may be.
    virtual std::uint64_t refused() const = 0;

protected:
    ~Sealer() = default;
};

// What a server needs to seal its connections. Outlives it.
struct Sealing {
    Sealer& sealer;
    reactor::Handshakes& handshakes;
    bool plain_peers = false;  // neighbours that do not speak TLS yet are neighbours, too
};

}  // namespace herd
