"""Every door of the domains server, and the operator's to the registrar."""

from actors.sandbox.domains import accounts, catalogue, dns, registrar, registration

DOORS = [*accounts.DOORS, *catalogue.DOORS, *registration.DOORS, *dns.DOORS, *registrar.DOORS]
