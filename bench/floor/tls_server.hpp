#pragma once

#include "bench/floor/event_loop.hpp"
#include "bench/floor/listener.hpp"
#include "bench/floor/sockets.hpp"
#include "bench/floor/tls.hpp"

#include <string>

namespace bench::floor {

// LineServer over TLS, all of it on the loop's thread, by one BIO for all connections.
class TlsServer {
public:
    TlsServer(EventLoop& loop, Port port, const std::string& keys, const std::string& name);

private:
    ContextPtr context_;
    SharedBio shared_;
    Listener listener_;
};

}  // namespace bench::floor
