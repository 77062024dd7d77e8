from django.urls import path

from recovery.phone.views import Page, Worker

app_name = "phone"
urlpatterns = [
    path("", Page.as_view(), name="page"),
    path("/worker.js", Worker.as_view(), name="worker"),
]
