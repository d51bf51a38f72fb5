#pragma once

#include "herd/config/config.hpp"
#include "herd/http/connection.hpp"
#include "herd/http/handler.hpp"
#include "herd/http/request.hpp"
#include "herd/phones/check_page.hpp"
#include "herd/phones/reception.hpp"
#include "herd/phones/visit.hpp"
#include "herd/phones/way.hpp"
#include "herd/web/gate.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/slab.hpp"

#include <cstdint>
#include <string_view>

namespace herd::phones {

// Where phones' apps report, each in its own way: by GET or POST, a query, a form or JSON. Who may
// is asked by the head; what is said is a Visit's. With limited access a token is needed, wherever
// the phone is: in the path, as a Basic password, or as a Bearer's. And GET /p/TOKEN/check, which
// shows what came of late with that token, and what became of it. Owned by the server's Phones;
// gate and reception outlive it.
class PhoneService final : public http::Handler {
public:
    PhoneService(Reception& reception, const web::Gate& gate)
        : reception_(reception), gate_(gate), page_(reception.core) {}

    // Bytes that map() maps; those of visits are used only as far as there are some at a time.
    static std::uint64_t memory(const config::Limits& limits);
    // Once, first. Fails with ENOMEM.
    reactor::Result<void> map(const config::Limits& limits);

private:
    void on_request(http::Connection& connection, const http::Request& request) override;
    void on_body(http::Connection& connection, std::string_view part, bool last) override;
    void on_gone(http::Connection& connection) override;

    void show(http::Connection& connection, const http::Request& request, const Bearer& bearer);
    void deny(http::Connection& connection, std::string_view why);
    void finish(http::Connection& connection);
    void release(const http::Connection& connection);

    Reception& reception_;
    const web::Gate& gate_;
    CheckPage page_;
    reactor::Slab<Visit> visits_;
    reactor::PageArray<Visit*> of_slot_;  // By the number of its connection; null: it has none.
};

}  // namespace herd::phones
