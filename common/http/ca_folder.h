// Signpost. Apache-2.0; see LICENSE.
// For this folder only: a folder of certificates, as Consul's tools take one. OpenSSL's own way of reading folders
// demands file names made by its rehash command.
#pragma once

#include <string>

namespace signpost::http {

// The text of every file of `folder` (not of folders in it) in the order of their names, for libcurl to read as PEM.
// Never empty: a folder that holds nothing, or cannot be read, is logged and gives text without a certificate, so that
// nobody is trusted.
std::string ReadCaFolder(const std::string& folder);

}  // namespace signpost::http
