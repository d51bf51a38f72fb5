#pragma once

#include "herd/http/request.hpp"
#include "reactor/slab.hpp"

#include <cstdint>
#include <string_view>

namespace herd::http {

class Connection;

// Names one request that waits for its answer; finds nothing any more when it has it, or never
// will.
struct Ticket {
    reactor::Handle<Connection> connection;
    std::uint32_t number = 0;  // of the requests of that connection

    friend bool operator==(const Ticket&, const Ticket&) = default;
};

// Who answers requests. Each is answered exactly once, by what Connection has for that: from within
// one of these calls, or later, when Server::find() still has its connection; or on_gone() says
// that it need not be. A connection has one request at a time, and Connection::slot() is a number
// for it meanwhile. Outlives the server.
class Handler {
public:
    // A request has come; its views die when this returns. Without a body it is complete. Answered
    // before its body is complete, it is the last of its connection.
    virtual void on_request(Connection& connection, const Request& request) = 0;
    // The next part of its body, perhaps empty; with the last one the request is complete.
    virtual void on_body(Connection& connection, std::string_view part, bool last);
    // Of a stream: all that was sent has gone, after a time when it had not.
    virtual void on_drained(Connection& connection);
    // The request will have no answer. The connection is good for nothing but slot().
    virtual void on_gone(Connection& connection);

protected:
    ~Handler() = default;
};

inline void Handler::on_body(Connection&, std::string_view, bool) {}
inline void Handler::on_drained(Connection&) {}
inline void Handler::on_gone(Connection&) {}

// Who answers what. `path` is a whole path, or with a `*` at its end what paths begin with; of two
// that fit, the first counts. Outlives the server.
struct Route {
    std::string_view path;
    Handler* handler;

    bool fits(std::string_view wanted) const {
        if (!path.ends_with('*')) return wanted == path;
        return wanted.starts_with(path.substr(0, path.size() - 1));
    }
};

}  // namespace herd::http
