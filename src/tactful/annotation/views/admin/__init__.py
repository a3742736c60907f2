"""The administrator's pages: how far the work is and how far it can be trusted, who does it, what is decided and exported."""

from tactful.annotation.views.admin.router import admin_router

__all__ = ["admin_router"]
