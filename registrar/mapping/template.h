// Signpost. Apache-2.0; see LICENSE.
// The subset of Go's text/template that tags are written in. Pure and bounded: no loops, no conditions, no network.
//
//   {{.Config.Hostname}}   {{toUpper .Config.Image}}   {{index .Config.Labels "x"}}   {{strSlice .ID 0 12}}
//   {{.Name | replace -1 "/" ""}}   {{(split ":" .Config.Image) | sIndex -1}}   {{- trims blanks -}}   {{/* remark */}}
//
// Fields, as in the engine's inspect document: .ID .Name (with its leading slash) .Created .Config.Image
// .Config.Hostname .Config.Domainname .Config.Env .Config.Labels[.KEY] .HostConfig.NetworkMode .State.StartedAt
// .NetworkSettings.IPAddress (of the container's first network) .NetworkSettings.Networks.NAME.IPAddress and
// .GlobalIPv6Address there. What is not set is the empty text.
//
// Functions (template_functions.h) are those of Registrator but httpGet and jsonParse, and Go's index and printf. The
// pattern of matchFirstElement and matchAllElements is plain text in which * stands for anything; a regular expression
// is refused, because a hostile one could stop the program.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"
#include "registrar/container/container.h"

namespace signpost::registrar {

// The rendered text, at most 4 KiB. kInvalid names what is not understood and where. Text without "{{" is returned as
// it is.
Result<std::string> RenderTemplate(std::string_view text, const Container& container);

}  // namespace signpost::registrar
