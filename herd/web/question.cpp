#include "herd/web/question.hpp"

#include "protocol/decimal.hpp"

namespace herd::web {

bool put_subject(protocol::TextWriter& out, const http::Target& target) {
    if (const auto client = target.find("client")) {
        out.put(*client);
        return true;
    }
    const auto latitude = protocol::Decimal::parse(target.find("latitude").value_or(""));
    const auto longitude = protocol::Decimal::parse(target.find("longitude").value_or(""));
    if (!latitude || !longitude) return false;
    latitude->write_degrees(out, 2);
    longitude->write_degrees(out, 3);
    return true;
}

bool may_ask(const access::Grant& grant, std::string_view client) {
    return client.empty() ? grant.rights.ask : grant.allows(client, access::Right::ask);
}

}  // namespace herd::web
