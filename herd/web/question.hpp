#pragma once

#include "herd/access/grant.hpp"
#include "herd/http/target.hpp"
#include "protocol/text_writer.hpp"

#include <string_view>

// What NEARBY and FOLLOW have in common over HTTP: they are of a client, or of a place.
namespace herd::web {

// Writes the client that a target names, or the location of its latitude and longitude, as a
// command has it. False: it has neither.
bool put_subject(protocol::TextWriter& out, const http::Target& target);

// Whether somebody may ask for the client, or, where that is empty, for a place: whom he is told of
// there is held against his pattern.
bool may_ask(const access::Grant& grant, std::string_view client);

}  // namespace herd::web
