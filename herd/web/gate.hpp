#pragma once

#include "herd/access/grant.hpp"
#include "herd/access/secret.hpp"
#include "herd/config/config.hpp"
#include "herd/core.hpp"
#include "herd/http/connection.hpp"
#include "herd/http/request.hpp"
#include "herd/outcome.hpp"
#include "herd/watch/status.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace herd::web {

// Who may read what over HTTP. Who is on this very machine may read everything, unless he shows a
// token or passes on what somebody else asks (X-Forwarded-For, Forwarded); otherwise, where access
// is limited (config::Access), a token says so: "Authorization: Bearer TOKEN", or Basic with any
// user and the token as password. It is taken within TLS, or in the clear if that is configured.
//
// A browser on this machine may be made to ask for us by a page of somebody else's, whose host then
// leads here (DNS rebinding): so what is not for everybody is not told under a foreign name.
// Owned by the server's Operations.
class Gate {
public:
    explicit Gate(Core& core) : core_(core) {}

    // Once, first: reads the secret, if access is limited.
    Outcome<> open(const config::Access& access, const config::Server& self);

    // From now on tokens are those of this secret. Whoever keeps a grant asks whether it stands.
    void renew(access::Secret secret) { secret_ = std::move(secret); }
    // Whether what was granted here is still: its time is not over, nor its key taken out.
    bool stands(const access::Grant& grant) const;

    // Whether the request names this host: by an address, as localhost, or by its configured name;
    // or not at all, as no browser does.
    bool knows_host(const http::Request& request) const;

    // What who asks may do: everything, if he is here and shows no token, or nobody is asked for
    // one; otherwise what his token grants, if anything.
    std::optional<access::Grant> grant(http::Connection& connection,
                                       const http::Request& request) const;
    // What a token grants to who shows it, on this very machine too, where a proxy may speak for
    // the whole world; everything where nobody is asked for one.
    std::optional<access::Grant> grant(http::Connection& connection, std::string_view token) const;
    // The same as of a request, for what no page of somebody else's is to have done in a browser on
    // this machine. Who may do nothing has been answered: 421 for a foreign name of the host, 403
    // for a request that a browser makes for another site's page, 401, with the challenge, without
    // a token.
    std::optional<access::Grant> admit(http::Connection& connection,
                                       const http::Request& request,
                                       std::string_view challenge = for_programs) const;
    // A header line: browsers ask for a password where it is Basic, and show it from then on.
    static constexpr std::string_view for_programs = "WWW-Authenticate: Bearer realm=\"herd\"\r\n";
    static constexpr std::string_view for_browsers =
        "WWW-Authenticate: Basic realm=\"herd\", charset=\"UTF-8\"\r\n";
    // Whether he may ask where any client is.
    bool sees_all(http::Connection& connection, const http::Request& request) const;
    // How much of the server's state is for who sees_all(): where nobody needs a token, for this
    // machine only.
    watch::Audience audience(http::Connection& connection) const;

private:
    static bool is_of_own_page(const http::Request& request);
    static bool is_here(http::Connection& connection);
    std::optional<access::Grant> check(std::string_view token) const;

    Core& core_;
    access::Secret secret_;
    bool in_the_clear_ = false;
    std::string_view name_;  // The configuration's.
};

// The token of a request, as its Authorization says it; in `out`, or a view of the request. Empty:
// there is none.
std::string_view token_of(const http::Request& request, std::span<char> out);

}  // namespace herd::web
